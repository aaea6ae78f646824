"""The installation."""

from __future__ import annotations

from typing import Annotated

from pydantic import SecretStr

from config.fields import Model, describe
from config.forms import Duration, FeatureCode, Host, Language, form


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


class Frequency(Model):
    """How often one number is called, over all campaigns together."""

    calls: int = describe("Calls to one number, at most", "Вызовов на один номер, не больше", ge=1, le=50)
    per: Duration = describe("In so much time", "За такое время")


class FeatureCodes(Model):
    """What agents dial on their phones."""

    sign_in: FeatureCode = describe("Sign in", "Войти", default="*11")
    sign_out: FeatureCode = describe("Sign out", "Выйти", default="*12")
    ready: FeatureCode = describe("Ready", "Готов", default="*21")
    not_ready: FeatureCode = describe(
        "Not ready; the reason's code follows", "Не готов; далее код причины", default="*22"
    )
    end_wrap_up: FeatureCode = describe("End wrap-up early", "Завершить обработку", default="*23")
    machine: FeatureCode = describe(
        "Mark the talk, or the one just over, as a machine's",
        "Отметить разговор, идущий или только что законченный, как автоответчик",
        default="*24",
    )
    disposition: FeatureCode = describe(
        "What came of the talk, or of the one just over; the disposition's code follows",
        "Результат разговора, идущего или только что законченного; далее код результата",
        default="*25",
    )


class Evidence(Model):
    """What is kept of answers that were screened."""

    keep: Duration = describe(
        "How long the first seconds of a screened call are kept; 0s: not at all",
        "Сколько хранить первые секунды проверенного звонка; 0s: не хранить",
        default=7 * 86400.0,
    )
    folder: str = describe(
        "Folder of these sounds, for the daemon alone",
        "Каталог этих записей, доступный только демону",
        default="/var/lib/perezvon/screening",
    )


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
    agi_port: int = describe(
        "TCP port of the call scripts (FastAGI), on 127.0.0.1 alone",
        "TCP-порт сценариев звонка (FastAGI), только на 127.0.0.1",
        ge=1,
        le=65535,
        default=4573,
    )
    ear_port: int = describe(
        "TCP port where Asterisk brings the sound of screened calls (AudioSocket), on 127.0.0.1 alone",
        "TCP-порт, куда Asterisk приносит звук проверяемых звонков (AudioSocket), только на 127.0.0.1",
        ge=1,
        le=65535,
        default=4574,
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
    recordings_dir: str = describe(
        "Folder of what callers record; Asterisk writes it, Perezvon reads it",
        "Каталог того, что записывают звонящие; Asterisk пишет, Perezvon читает",
        default="/var/spool/perezvon",
    )
    screening: Evidence = describe(
        "What is kept of answers that were screened", "Что хранить от проверки ответов", default=Evidence()
    )
    speech: SpeechEngine = describe("The speech engine", "Синтезатор речи", default=SpeechEngine())
    asterisk: AsteriskPaths = describe("Where Asterisk lives", "Где живёт Asterisk", default=AsteriskPaths())
    sip: Sip = describe("Where SIP listens", "Где слушает SIP", default=Sip())
    ami: Ami = describe("The manager link", "Связь AMI")
    limits: Limits = describe(
        "Limits over all campaigns and trunks", "Пределы для всех кампаний и транков вместе", default=Limits()
    )
    frequency: list[Frequency] = describe(
        "How often one number is called, over all campaigns; call-backs that were asked for do not count",
        "Как часто звонить на один номер, по всем кампаниям; заказанные обратные звонки не считаются",
        default=[],
    )
    api_port: int | None = describe(
        "TCP port of the API for shops, on 127.0.0.1 alone; none: it is not served",
        "TCP-порт API для магазинов, только на 127.0.0.1; пусто: не отдаётся",
        ge=1,
        le=65535,
        examples=[8085],
        default=None,
    )
    feature_codes: FeatureCodes = describe(
        "What agents dial on their phones", "Что агенты набирают на телефонах", default=FeatureCodes()
    )
