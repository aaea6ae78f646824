"""Whom we call: trunks, campaigns, and what came of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from config.fields import Model, describe
from config.forms import Duration, Host, Hours, Id, Language, Phone, Prompt, Text, form
from config.laws import LAWS, Law, LawName


class Mode(StrEnum):
    """How a campaign decides when to dial."""

    PREDICTIVE = "predictive"
    PROGRESSIVE = "progressive"
    RATIO = "ratio"
    PREVIEW = "preview"
    ROBOT = "robot"


class Switch(StrEnum):
    """Whether something is done."""

    ON = "on"
    OFF = "off"


OUR_SCRIPTS = ("orders", "delivery", "survey")
"""What a robot can say without a script of the site's own."""


class DispositionClass(StrEnum):
    """What a disposition means to the lead."""

    SUCCESS = "success"
    CALLBACK = "callback"
    REFUSAL = "refusal"
    NO_CONTACT = "no_contact"


class Trunk(Model):
    """A SIP carrier: where calls leave and arrive."""

    host: Host = describe("Carrier's address", "Адрес оператора связи")
    port: int = describe("Carrier's SIP port", "SIP-порт оператора", ge=1, le=65535, default=5060)
    username: (
        Annotated[
            str,
            form("a login", "Latin letters, digits and . _ + -", r"^[A-Za-z0-9._+-]{1,64}$", "perezvon"),
        ]
        | None
    ) = describe("Login, where the carrier wants one", "Логин, если оператор его требует", default=None)
    password: SecretStr | None = describe(
        "The carrier's password, by reference", "Пароль оператора, по ссылке", default=None
    )
    register_with_carrier: bool = describe(
        "Register with the carrier (else it knows us by address)",
        "Регистрироваться у оператора (иначе он узнаёт нас по адресу)",
        default=False,
    )
    match: list[Host] = describe(
        "Addresses the carrier calls from; none: its host",
        "Адреса, с которых звонит оператор; пусто: его основной адрес",
        default=[],
    )
    codecs: list[Literal["alaw", "ulaw", "g722", "opus", "slin16"]] = describe(
        "Codecs, best first", "Кодеки, лучший первым", default=["alaw", "ulaw"], min_length=1
    )
    number_format: Literal["e164-plus", "e164", "national"] = describe(
        "How the carrier wants a number: +7495..., 7495..., 8495...",
        "Какой вид номера ждёт оператор: +7495..., 7495..., 8495...",
        default="e164-plus",
    )
    prefix: Annotated[str, form("digits", "at most 8, in quotes", r"^[0-9]{0,8}$", "9")] = describe(
        "Digits put before every number, once", "Цифры перед каждым номером, один раз", default=""
    )
    lines: int = describe("Calls at one time, at most", "Одновременных вызовов, не больше", ge=1, le=5000)
    calls_per_second: float = describe(
        "New calls a second, at most", "Новых вызовов в секунду, не больше", gt=0, le=200, default=5
    )


MISSED_MACHINE = "machine"
"""What agents say of a machine that the screen had missed. No disposition of a site's has this name."""


class Disposition(Model):
    """What an agent says came of a talk."""

    title: Text = describe("Name for people", "Название для людей")
    means: Annotated[DispositionClass, Field(strict=False)] = describe(
        "Its class: what it makes of the lead", "Класс: что станет с лидом"
    )
    code: Annotated[str, form("digits", "1 or 2, in quotes", r"^[0-9]{1,2}$", "1")] | None = describe(
        "Digits dialed after the disposition feature code; none: phones cannot say it",
        "Цифры, которые набирают после кода «результат»; пусто: с телефона не выбрать",
        default=None,
    )
    do_not_call: bool = describe(
        "Puts the number on the do-not-call list at once; only with `means: refusal`",
        "Сразу вносит номер в список «не звонить»; только с `means: refusal`",
        default=False,
    )


class Retry(Model):
    """When a lead is called again after an outcome."""

    after: Duration = describe("Wait before the next attempt", "Пауза до следующей попытки")
    times: int = describe(
        "How often after this outcome, at most",
        "Сколько раз после этого исхода, не больше",
        ge=1,
        le=20,
        default=3,
    )


class Attempts(Model):
    """How often a lead is called, and when again."""

    max: int = describe("Attempts per lead in all", "Попыток на лид всего", ge=1, le=20, default=3)
    retry: dict[
        Literal[
            "busy",
            "no_answer",
            "failed",
            "machine",
            "fax",
            "abandoned",
            "hung_up_before_talk",
            "interrupted",
            "in_doubt",
        ],
        Retry,
    ] = describe(
        "By outcome: when again (interrupted: by the same agent before); one that is not named is final",
        "По исходу: когда снова (interrupted: до того тот же агент); неназванный исход окончательный",
        default={
            outcome: Retry.model_validate({"after": after, "times": times})
            for outcome, after, times in (
                ("busy", "15m", 3),
                ("no_answer", "2h", 3),
                ("failed", "1h", 2),
                ("machine", "4h", 2),
                ("abandoned", "3d", 1),
                ("hung_up_before_talk", "1d", 1),
                ("interrupted", "5m", 1),
                ("in_doubt", "1h", 1),
            )
        },
    )


class Campaign(Model):
    """A goal with a list, a mode, hours, rules and agents."""

    title: Text = describe("Name for people", "Название для людей")
    mode: Annotated[Mode, Field(strict=False)] = describe(
        "How it decides when to dial", "Как решает, когда звонить"
    )
    ratio: float = describe(
        "In mode ratio: calls per ready agent",
        "В режиме ratio: вызовов на готового агента",
        ge=1,
        le=10,
        default=1.5,
    )
    law: Annotated[LawName, Field(strict=False)] = describe(
        "Whose law on abandoned calls it keeps (not legal advice)",
        "Чей закон о брошенных вызовах соблюдает (не юридический совет)",
        default=LawName.US,
    )
    target: float | None = describe(
        "In mode predictive: share of answered calls that may be abandoned; none: the law's limit",
        "В режиме predictive: доля отвеченных вызовов, которую можно бросить; пусто: предел закона",
        gt=0,
        le=1,
        examples=[0.02],
        default=None,
    )
    list: Id = describe("List of leads to call", "Список лидов для звонков", examples=["spring"])
    group: Id = describe("Group whose agents talk", "Группа, агенты которой говорят")
    trunk: Id = describe("Trunk the calls leave by", "Транк для исходящих", examples=["city"])
    caller_id: Phone = describe("Number that the called person sees", "Номер, который видит абонент")
    hours: Hours = describe(
        "When to call, by the lead's local time: weekdays to windows",
        "Когда звонить, по местному времени лида: дни недели и окна",
        min_length=1,
    )
    timezone: str | None = describe(
        "Time zone of leads that name none; none: the system's",
        "Часовой пояс лидов без своего; пусто: пояс системы",
        examples=["Asia/Omsk"],
        default=None,
    )
    ring_time: Duration = describe(
        "How long a call rings before it is given up",
        "Сколько звонит вызов, прежде чем мы положим трубку",
        default=27.0,
    )
    script: Id | None = describe(
        "In mode robot: what it says: orders, delivery, survey, or a script of the site's own",
        "В режиме robot: что говорит: orders, delivery, survey или собственный сценарий",
        examples=["orders"],
        default=None,
    )
    intro: Prompt | None = describe(
        "In mode robot: prompt that begins the call, who calls and why; none: the script's own",
        "В режиме robot: подсказка в начале звонка, кто звонит и зачем; пусто: своя у сценария",
        default=None,
    )
    survey: Id | None = describe(
        "The survey of script survey; else the survey after a talk with an agent",
        "Опрос для сценария survey; иначе опрос после разговора с агентом",
        default=None,
    )
    grace: Duration = describe(
        "From the answer to an agent, at most; then the message is played",
        "От ответа до агента, не больше; затем звучит сообщение",
        default=2.0,
    )
    message: Prompt = describe(
        "Prompt for a person who answered when no agent was free in time",
        "Подсказка для ответившего, которому вовремя не нашлось агента",
    )
    screening: Annotated[Switch, Field(strict=False)] = describe(
        "Whether it is found out who answered, and only persons go on: on or off",
        "Выяснять ли, кто ответил, и пропускать только людей: on или off",
        default=Switch.OFF,
    )
    greeting: Prompt | None = describe(
        "With screening: prompt that the person hears meanwhile, a word or two; none: silence",
        "При screening: подсказка, которую человек тем временем слышит, одно-два слова; пусто: тишина",
        default=None,
    )
    voicemail: Prompt | None = describe(
        "With screening: prompt that is left on an answering machine; none: it is hung up on",
        "При screening: подсказка, которую оставляем автоответчику; пусто: кладём трубку",
        default=None,
    )
    screening_check: float = describe(
        "With screening: share of supposed machines that agents get all the same, to measure its errors",
        "При screening: доля принятых за автоответчик, что всё же идут агентам: по ним меряют ошибки",
        ge=0,
        le=1,
        examples=[0.02],
        default=0.0,
    )
    lines: int = describe("Calls at one time, at most", "Одновременных вызовов, не больше", ge=1, le=5000)
    calls_per_second: float = describe(
        "New calls a second, at most", "Новых вызовов в секунду, не больше", gt=0, le=200, default=5
    )
    max_talk: Duration = describe("A talk is cut after this time", "Предел длины разговора", default=3600.0)
    attempts: Attempts = describe(
        "How often a lead is called, and when again",
        "Сколько раз звонить лиду и когда снова",
        default=Attempts(),
    )
    language: Language | None = describe(
        "Language of its prompts; none: the system's", "Язык подсказок; пусто: язык системы", default=None
    )

    @property
    def script_path(self) -> str:
        """Where the daemon serves its script: ours by their names, those of the site's own behind `own/`."""
        script = self.script or ""
        if script == "survey":
            return f"survey/{self.survey}"
        return script if script in OUR_SCRIPTS else f"own/{script}"

    @property
    def screened(self) -> bool:
        """Whether its answered calls are screened: in mode preview the agent hears for themselves."""
        return self.screening is Switch.ON and self.mode is not Mode.PREVIEW

    @property
    def rules(self) -> Law:
        """The figures of its law."""
        return LAWS[self.law]

    @property
    def aim(self) -> float:
        """The abandonment rate that the pacer aims at, as a share."""
        return self.rules.target if self.target is None else self.target

    @property
    def permitted(self) -> float:
        """The share of abandoned calls that stops over-dialing (`predictive.ledger.is_gone`): what the pacer
        aims at, or the law's limit where the mode aims at nothing."""
        return self.aim if self.mode is Mode.PREDICTIVE else self.rules.limit
