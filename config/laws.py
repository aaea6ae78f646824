"""What a country's law asks of a dialer, in numbers. Not legal advice: ask a lawyer of the country called.

Checked in November 2026 against the sources named; a law that is silent on a figure says so, and says what is
applied in its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from config.forms import written

Window = Literal["24h", "30d", "month", "midnight"]
"""Over what an abandonment rate is measured."""

Denominator = Literal["answered", "passed", "connected"]
"""What a rate is a share of: calls that a person answered; calls passed to an agent in time and abandoned
ones, both less an estimate of machines; calls that an agent took in time, without the abandoned ones."""

NOT_ADVICE = (
    "Not legal advice: ask a lawyer of the country called.",
    "Это не юридический совет: спросите юриста страны, в которую звоните.",
)

HOUR, DAY = 3600.0, 86400.0


class LawName(StrEnum):
    """Whose law a campaign keeps."""

    US = "us"
    UK = "uk"
    RU = "ru"
    CA = "ca"
    DE = "de"
    FR = "fr"
    IT = "it"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Law:
    """The figures of one law; times in seconds, shares from 0 to 1."""

    limit: float
    """The abandonment rate, at most."""
    window: Window
    of: Denominator
    connect: float | None
    """Who has no agent so long after `counts_from` is abandoned, though an agent may come later."""
    ring: float
    """How long a call must ring before it may be given up."""
    lockout: float
    """How long an abandoned person is not called again, unless an agent is reserved for the call."""
    target: float
    """What the pacer aims at where the campaign says nothing."""
    binding: bool
    """Whether limit and connect stand in the law, or are ours because it names none."""
    source: str
    en: str
    ru: str
    counts_from: Literal["answer", "greeting"] = "answer"
    """Where `connect` begins: at the answer, which is stricter, or at the end of the person's greeting. That
    end is known where calls are screened; where they are not, all count from the answer."""

    def begins(self, answered_at: float | None, greeted_at: float | None) -> float | None:
        """Where `connect` begins, of a call whose greeting ended at `greeted_at` as far as is known."""
        return answered_at if self.counts_from == "answer" or greeted_at is None else greeted_at

    def numbers(self) -> str:
        """The figures on one line."""
        parts = []
        if self.limit < 1:
            parts.append(f"at most {100 * self.limit:g} % of {DENOMINATORS[self.of]}, {WINDOWS[self.window]}")
        if self.connect is not None:
            parts.append(f"an agent within {written(self.connect)}")
        parts.append(f"rings {written(self.ring)}")
        if self.lockout:
            parts.append(f"lock-out {written(self.lockout)}")
        return "; ".join(parts)


WINDOWS: Mapping[Window, str] = {
    "24h": "any 24 hours",
    "30d": "any 30 days",
    "month": "the calendar month",
    "midnight": "since midnight",
}
DENOMINATORS: Mapping[Denominator, str] = {
    "answered": "calls that a person answered",
    "passed": "calls passed to an agent or abandoned, less machines",
    "connected": "calls that an agent took",
}


def _as_us(source: str, en: str, ru: str) -> Law:
    """A law without figures: those of the US are applied."""
    return Law(0.03, "30d", "answered", 2.0, 15.0, 72 * HOUR, 0.03, False, source, en, ru, "greeting")


LAWS: Mapping[LawName, Law] = {
    LawName.US: Law(
        0.03, "30d", "answered", 2.0, 15.0, 72 * HOUR, 0.03, True,
        "16 CFR 310.4(b)(4) (FTC); 47 CFR 64.1200(a)(6) and (7) (FCC)",
        "The 2 s run from the end of the person's greeting; unscreened calls count from the answer. The 30"
        " days are successive; any 30 days are stricter. No lock-out is named: 72 h is ours.",
        "2 с отсчитываются от конца приветствия, без screening — от ответа. 30 дней идут подряд; любые"
        " 30 дней строже. Запрет повторного звонка не назван: 72 ч — наш.", "greeting",
    ),
    LawName.UK: Law(
        0.03, "24h", "passed", 2.0, 15.0, 72 * HOUR, 0.03, True,
        "Ofcom, Persistent misuse: a statement of general policy, 20 December 2016, annexes 1 and 3",
        "Since 1 March 2017 no rate is safe: any abandoned call may count. We keep the 3 % in 24 h"
        " that were tolerated until then; aim lower by `target`.",
        "С 1 марта 2017 безопасной доли нет: считаться может любой брошенный вызов. Мы держим 3 %"
        " за 24 ч, допустимые до этого; цельтесь ниже через `target`.", "answer",
    ),
    LawName.RU: _as_us(
        "38-ФЗ «О рекламе», ст. 18 ч. 2; 230-ФЗ, ст. 7",
        "No figure for abandonment: those of the US are applied. Advertising by dialing without a human"
        " is forbidden at any rate; debtors are talked to once a day, twice a week, 8 times a month at most.",
        "Доля брошенных не задана: применяем числа США. Реклама автоматическим дозвоном запрещена при"
        " любой доле; с должником говорят не чаще раза в день, двух в неделю, восьми в месяц.",
    ),
    LawName.CA: Law(
        0.05, "month", "answered", 2.0, 15.0, 72 * HOUR, 0.05, True,
        "CRTC, Unsolicited Telecommunications Rules, Telemarketing Rules (Telecom Decision CRTC 2007-48)",
        "The rates of each month are kept for 3 years. Ring time and lock-out are not named: ours.",
        "Доли каждого месяца хранят 3 года. Время звонка и запрет повтора не названы: они наши.", "answer",
    ),
    LawName.DE: _as_us(
        "Bundesnetzagentur, Belästigende Anrufversuche; UWG § 7",
        "No figure, and no rule for dialers: those of the US are applied. Numbers are cut off for nuisance:"
        " before 8:00 or after 20:00, on Sundays, over 3 calls a day.",
        "Чисел нет, как и правил для дозвона: применяем числа США. Номера отключают за назойливость:"
        " до 8:00 и после 20:00, по воскресеньям, больше 3 звонков в день.",
    ),
    LawName.FR: _as_us(
        "Code de la consommation, art. D. 223-9 (décret 2022-1313)",
        "No figure for abandonment: those of the US are applied. Calls from Monday to Friday, 10-13 and"
        " 14-20, at most 4 in 30 days, none for 60 days after a refusal.",
        "Доля брошенных не задана: применяем числа США. Звонят с понедельника по пятницу, 10-13 и"
        " 14-20, не больше 4 раз за 30 дней и не раньше 60 дней после отказа.",
    ),
    LawName.IT: Law(
        0.03, "30d", "connected", 3.0, 15.0, 5 * DAY, 0.03, True,
        "Garante per la protezione dei dati personali, provvedimento n. 83, 20 February 2014",
        "3 silent calls for 100 successful ones, per campaign. No window is named: the 30 days are ours,"
        " and so is the ring time. After the 5 days an agent must be sure.",
        "3 немых вызова на 100 состоявшихся, по кампании. Период не назван: 30 дней — наши, и время"
        " звонка тоже. Через 5 дней агент должен быть обеспечен.", "answer",
    ),
    LawName.NONE: Law(
        1.0, "24h", "answered", None, 15.0, 0.0, 0.03, False,
        "no law",
        "Nothing is forbidden and nobody is locked out. The pacer aims at 3 % unless `target` differs.",
        "Ничего не запрещено, повтор не закрыт. Цель — 3 %, если в `target` не другая.", "greeting",
    ),
}  # fmt: skip
