"""What an admin may write: one strict model per kind of object.

Every field carries its description in English and Russian; the JSON Schema, `perezvon explain` and
the reference in `docs/` are made from them. Nothing here reads files: `config.load` does.
"""

from __future__ import annotations

import hmac
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from config.forms import Days as Days
from config.forms import Duration as Duration
from config.forms import Extension as Extension
from config.forms import FeatureCode as FeatureCode
from config.forms import Host as Host
from config.forms import Hours as Hours
from config.forms import Id as Id
from config.forms import Language as Language
from config.forms import Phone as Phone
from config.forms import Prompt as Prompt
from config.forms import Text as Text
from config.forms import Window as Window
from config.forms import form
from config.laws import LAWS, Law, LawName


def describe(en: str, ru: str, **extra: Any) -> Any:
    """A `Field` with its description in both languages (the Russian one travels as `x-ru`)."""
    return Field(description=en, json_schema_extra={"x-ru": ru}, **extra)


class Model(BaseModel):
    """Strict: a wrong type or an unknown key is an error, never a guess."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Mode(StrEnum):
    """How a campaign decides when to dial."""

    PREDICTIVE = "predictive"
    PROGRESSIVE = "progressive"
    RATIO = "ratio"
    PREVIEW = "preview"


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


class Group(Model):
    """A set of agents that serves campaigns and lines: an Asterisk queue."""

    title: Text = describe("Name for people", "Название для людей")
    strategy: Literal["leastrecent", "fewestcalls", "rrmemory", "random", "ringall"] = describe(
        "Who is next: leastrecent is the agent who waits longest",
        "Кто следующий: leastrecent — агент, который ждёт дольше всех",
        default="leastrecent",
    )
    ring_time: Duration = describe(
        "How long an agent's phone rings before the next agent is tried",
        "Сколько звонит телефон агента, прежде чем вызов уйдёт к следующему",
        default=15.0,
    )
    wrap_up: Duration = describe(
        "Time after a call before the next one",
        "Время на обработку после разговора, до следующего вызова",
        default=15.0,
    )
    skill: Id | None = describe(
        "Skill that decides who is asked first (higher level first)",
        "Навык, по которому выбирают первого (больший уровень — раньше)",
        default=None,
    )
    min_level: int = describe(
        "Least level of that skill to be a member",
        "Наименьший уровень навыка для участия в группе",
        ge=1,
        le=10,
        default=1,
    )
    max_wait: Duration = describe(
        "How long an inbound caller waits, at most",
        "Сколько ждёт ответа входящий вызов, не больше",
        default=600.0,
    )
    max_waiting: int = describe(
        "Inbound callers who wait, at most",
        "Ожидающих входящих вызовов, не больше",
        ge=1,
        le=1000,
        default=50,
    )


class AutoAnswer(StrEnum):
    """Which SIP header makes the agent's phone answer by itself."""

    NONE = "none"
    CALL_INFO = "call-info"
    ALERT_INFO = "alert-info"


class Agent(Model):
    """A person with a SIP phone."""

    name: Text = describe("The agent's name", "Имя агента")
    extension: Extension = describe("Short number of the phone", "Короткий номер телефона")
    password: SecretStr = describe("The phone's SIP password, by reference", "SIP-пароль телефона, по ссылке")
    groups: list[Id] = describe("Groups the agent works in", "Группы, в которых работает агент", min_length=1)
    skills: dict[Id, Annotated[int, Field(ge=1, le=10)]] = describe(
        "Skills with level 1 to 10", "Навыки с уровнем от 1 до 10", default={}
    )
    auto_answer: Annotated[AutoAnswer, Field(strict=False)] = describe(
        "Header that makes the phone answer by itself",
        "Заголовок для автоответа телефона",
        default=AutoAnswer.CALL_INFO,
    )
    language: Language | None = describe(
        "Language of the spoken confirmations; none: the system's",
        "Язык голосовых подтверждений; пусто: язык системы",
        default=None,
    )


class Line(Model):
    """An inbound number (DID)."""

    label: Text = describe("What the number serves", "Что обслуживает номер")
    numbers: list[Phone] = describe("Its numbers", "Номера линии", min_length=1)
    trunks: list[Id] = describe(
        "Trunks that calls to it arrive on", "Транки, по которым приходят звонки на неё", min_length=1
    )
    group: Id = describe("Group that answers", "Группа, которая отвечает")
    greeting: Prompt | None = describe(
        "Prompt that callers hear first", "Подсказка, которую звонящий слышит первой", default=None
    )
    language: Language | None = describe(
        "Language of its prompts; none: the system's", "Язык подсказок; пусто: язык системы", default=None
    )


class PauseReason(Model):
    """Why an agent is not ready."""

    title: Text = describe("Name for people", "Название для людей")
    code: Annotated[str, form("digits", "1 or 2, in quotes", r"^[0-9]{1,2}$", "1")] = describe(
        "Digits dialed after the not-ready feature code", "Цифры, которые набирают после кода «не готов»"
    )
    paid: bool = describe("Counts as paid time", "Считается оплачиваемым временем", default=True)
    max_time: Duration | None = describe(
        "A longer pause is shown to the supervisor", "Более долгую паузу видит супервизор", default=None
    )


class Disposition(Model):
    """What an agent says came of a talk."""

    title: Text = describe("Name for people", "Название для людей")
    means: Annotated[DispositionClass, Field(strict=False)] = describe(
        "Its class: what it makes of the lead", "Класс: что станет с лидом"
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
        Literal["busy", "no_answer", "failed", "abandoned", "hung_up_before_talk", "interrupted", "in_doubt"],
        Retry,
    ] = describe(
        "By outcome: when again; an outcome that is not named is final",
        "По исходу: когда снова; неназванный исход окончательный",
        default={
            outcome: Retry.model_validate({"after": after, "times": times})
            for outcome, after, times in (
                ("busy", "15m", 3),
                ("no_answer", "2h", 3),
                ("failed", "1h", 2),
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
    grace: Duration = describe(
        "From the answer to an agent, at most; then the message is played",
        "От ответа до агента, не больше; затем звучит сообщение",
        default=2.0,
    )
    message: Prompt = describe(
        "Prompt for a person who answered when no agent was free in time",
        "Подсказка для ответившего, которому вовремя не нашлось агента",
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


class Sip(Model):
    """Where our SIP listens."""

    bind: Host = describe("IP address we listen on", "IP-адрес, на котором слушаем", default="0.0.0.0")  # noqa: S104 - phones and carriers come from outside
    port: int = describe("UDP port of SIP", "UDP-порт SIP", ge=1, le=65535, default=5060)
    rtp_first: int = describe("First RTP port", "Первый RTP-порт", ge=1024, le=65000, default=10000)
    rtp_last: int = describe("Last RTP port", "Последний RTP-порт", ge=1025, le=65535, default=20000)


class AsteriskPaths(Model):
    """Where our Asterisk lives."""

    command: list[str] = describe(
        "The asterisk program with its arguments",
        "Программа asterisk с аргументами",
        default=["asterisk"],
        min_length=1,
    )
    config_dir: str = describe(
        "Folder of its configuration", "Каталог его конфигурации", default="/etc/asterisk"
    )
    log_dir: str = describe("Folder of its logs", "Каталог его журналов", default="/var/log/asterisk")
    max_calls: int = describe(
        "Calls it accepts, at most", "Сколько вызовов оно принимает, не больше", ge=2, le=10000, default=500
    )


class Ami(Model):
    """The manager link."""

    host: Host = describe(
        "Address of the manager; loopback only, it speaks plain text",
        "Адрес AMI; только loopback, так как связь не шифруется",
        default="127.0.0.1",
    )
    port: int = describe("TCP port of the manager", "TCP-порт AMI", ge=1, le=65535, default=5038)
    secret: SecretStr = describe(
        "Secret of perezvon_dialer, by reference", "Секрет perezvon_dialer, по ссылке"
    )


class Limits(Model):
    """Limits over all campaigns and trunks together."""

    lines: int = describe(
        "Calls at one time, at most", "Одновременных вызовов, не больше", ge=1, le=5000, default=60
    )
    calls_per_second: float = describe(
        "New calls a second, at most", "Новых вызовов в секунду, не больше", gt=0, le=200, default=10
    )


class FeatureCodes(Model):
    """What agents dial on their phones."""

    sign_in: FeatureCode = describe("Sign in", "Войти", default="*11")
    sign_out: FeatureCode = describe("Sign out", "Выйти", default="*12")
    ready: FeatureCode = describe("Ready", "Готов", default="*21")
    not_ready: FeatureCode = describe(
        "Not ready; the reason's code follows", "Не готов; далее код причины", default="*22"
    )
    end_wrap_up: FeatureCode = describe("End wrap-up early", "Завершить обработку", default="*23")


class Voice(Model):
    """A voice of the speech engine."""

    voice: Annotated[
        str,
        form(
            "a voice",
            "as the engine names it: Latin letters, digits and . _ / + -",
            r"^[A-Za-z0-9][A-Za-z0-9._/+-]{0,127}$",
            "en-us",
        ),
    ] = describe("Its name in the engine", "Имя голоса в движке")
    rate: int = describe("Speed, words a minute", "Скорость, слов в минуту", ge=80, le=450, default=165)


class SpeechEngine(Model):
    """The program that speaks what nobody recorded."""

    command: list[str] = describe(
        "Program with its arguments, run without a shell: text on standard input, WAV on standard output; "
        "{voice} and {rate} stand for the voice's",
        "Программа с аргументами, без оболочки: текст на стандартный ввод, WAV на стандартный вывод; "
        "{voice} и {rate} заменяются голосом и скоростью",
        default=["espeak-ng", "-v", "{voice}", "-s", "{rate}", "--stdout", "--stdin"],
        min_length=1,
    )
    voices: dict[Language, Voice] = describe(
        "Voice by language",
        "Голос по языку",
        min_length=1,
        default={"ru": Voice(voice="ru", rate=165), "en": Voice(voice="en-us", rate=170)},
    )
    time_limit: Duration = describe(
        "Longest wait for one text", "Сколько ждать один текст, не больше", default=10.0
    )
    cache_mb: int = describe(
        "Megabytes of spoken texts that are kept; the longest unused go first",
        "Сколько мегабайт озвученных текстов хранить; первыми уходят давно не звучавшие",
        ge=10,
        le=100_000,
        default=500,
    )


class System(Model):
    """The installation."""

    name: Annotated[
        str,
        form(
            "a name",
            "a small Latin letter, then up to 15 small letters or digits",
            r"^[a-z][a-z0-9]{0,15}$",
            "pz1",
        ),
    ] = describe("Name of this node; part of every channel id", "Имя узла; часть имени каждого канала")
    language: Language = describe("Default language of speech", "Язык речи по умолчанию", default="ru")
    timezone: str = describe(
        "Default time zone, by its IANA name", "Часовой пояс по умолчанию, имя IANA", default="Europe/Moscow"
    )
    country: Annotated[str, form("a country", "its ISO code, two capital letters", r"^[A-Z]{2}$", "RU")] = (
        describe(
            "Country of numbers that are written without +", "Страна номеров, записанных без +", default="RU"
        )
    )
    database: str = describe(
        "SQLAlchemy URL of the database: sqlite+aiosqlite or postgresql+asyncpg",
        "URL базы данных для SQLAlchemy: sqlite+aiosqlite или postgresql+asyncpg",
        default="sqlite+aiosqlite:////var/lib/perezvon/perezvon.db",
    )
    socket: str = describe(
        "Unix socket of the daemon", "Unix-сокет демона", default="/run/perezvon/daemon.sock"
    )
    metrics_port: int | None = describe(
        "TCP port of /metrics for Prometheus, on 127.0.0.1 alone; none: it is not served",
        "TCP-порт /metrics для Prometheus, только на 127.0.0.1; пусто: не отдаётся",
        ge=1,
        le=65535,
        examples=[9469],
        default=None,
    )
    sounds_dir: str | None = describe(
        "Folder with the prompts; none: those that came with Perezvon",
        "Каталог подсказок; пусто: те, что пришли с Perezvon",
        default=None,
    )
    cache_dir: str = describe(
        "Folder of what can be made again: spoken texts; Asterisk must be able to read it",
        "Каталог того, что можно сделать заново: озвученные тексты; Asterisk должен уметь его читать",
        default="/var/cache/perezvon",
    )
    speech: SpeechEngine = describe("The speech engine", "Синтезатор речи", default=SpeechEngine())
    asterisk: AsteriskPaths = describe("Where Asterisk lives", "Где живёт Asterisk", default=AsteriskPaths())
    sip: Sip = describe("Where SIP listens", "Где слушает SIP", default=Sip())
    ami: Ami = describe("The manager link", "Связь AMI")
    limits: Limits = describe(
        "Limits over all campaigns and trunks", "Пределы для всех кампаний и транков вместе", default=Limits()
    )
    feature_codes: FeatureCodes = describe(
        "What agents dial on their phones", "Что агенты набирают на телефонах", default=FeatureCodes()
    )


class Site(Model):
    """Everything an admin wrote, checked. Keys of the mappings are the objects' names."""

    system: System
    trunks: dict[Id, Trunk]
    lines: dict[Id, Line]
    groups: dict[Id, Group]
    agents: dict[Id, Agent]
    campaigns: dict[Id, Campaign]
    pause_reasons: dict[Id, PauseReason]
    dispositions: dict[Id, Disposition]

    def members(self, group: Id) -> dict[Id, int]:
        """Agents of a group with their queue penalty: 0 for the best level of its skill.

        Without a skill all have penalty 0. An agent below `min_level` is no member.
        """
        wanted = self.groups[group]
        found: dict[Id, int] = {}
        for name, agent in sorted(self.agents.items()):
            if group not in agent.groups:
                continue
            if wanted.skill is None:
                found[name] = 0
            elif (level := agent.skills.get(wanted.skill, 0)) >= wanted.min_level:
                found[name] = 10 - level
        return found

    def lockouts(self, campaign: Id) -> dict[Id, float]:
        """Whom the campaign must not call: by the campaign that abandoned them, for so many seconds since.

        Nobody is locked out where an agent is reserved before the call is placed.
        """
        if self.campaigns[campaign].mode is Mode.PREVIEW:
            return {}
        found = {name: one.rules.lockout for name, one in self.campaigns.items()}
        return found if any(found.values()) else {}

    def trunk_endpoint(self, trunk: Id) -> str:
        """The trunk's endpoint in Asterisk, by a name that nobody outside can guess.

        A called phone may answer with a redirect to `PJSIP/<number>@<endpoint>`; Asterisk follows it by name,
        and no setting of it forbids that.
        """
        key = self.system.ami.secret.get_secret_value().encode()
        return f"trunk-{trunk}-{hmac.new(key, trunk.encode(), 'sha256').hexdigest()[:16]}"
