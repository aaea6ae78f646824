"""When we open next, in one sentence."""

from __future__ import annotations

from datetime import date, datetime

from config.forms import Language
from sounds.grammar import GRAMMARS
from sounds.phrase import Text


def we_open(opens: datetime, today: date, language: Language) -> Text:
    """`Мы откроемся в понедельник, третьего августа, в девять часов.`; `opens` and `today` by one clock."""
    day = GRAMMARS[language].near_day(opens.date(), today)
    at = GRAMMARS[language].at(opens.time())
    if "," in day:
        day += ","
    sentence = {"ru": f"Мы откроемся {day} {at}", "en": f"We open {day} {at}"}[language]
    return Text(sentence.removesuffix(".") + ".")  # "at nine a.m." has its full stop
