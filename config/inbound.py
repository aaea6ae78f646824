"""What callers meet: lines, schedules, menus, look-ups."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, SecretStr

from config.fields import Model, describe
from config.forms import Day, Duration, Hours, Id, Key, Language, Phone, Prompt, Text, Url, Window, form


class Line(Model):
    """An inbound number (DID)."""

    label: Text = describe("What the number serves: a site, a project", "Что обслуживает номер: сайт, проект")
    numbers: list[Phone] = describe("Its numbers", "Номера линии", min_length=1)
    trunks: list[Id] = describe(
        "Trunks that calls to it arrive on", "Транки, по которым приходят звонки на неё", min_length=1
    )
    group: Id = describe("Group that answers", "Группа, которая отвечает")
    greeting: Prompt | None = describe(
        "Prompt that callers hear first", "Подсказка, которую звонящий слышит первой", default=None
    )
    schedule: Id | None = describe(
        "When the line is open; none: always", "Когда линия работает; пусто: всегда", default=None
    )
    closed: Prompt = describe(
        "Prompt for callers after hours; when we open next is said after it",
        "Подсказка в нерабочее время; после неё называется время открытия",
        default="closed",
    )
    menu: Id | None = describe(
        "Menu that callers hear; none: straight to the group",
        "Меню для звонящих; пусто: сразу в группу",
        default=None,
    )
    script: Id | None = describe(
        "Script of your own, scripts/NAME.py, that callers meet instead of schedule and menu",
        "Собственный сценарий scripts/ИМЯ.py вместо расписания и меню",
        default=None,
    )
    shop: Id | None = describe(
        "Shop whose open orders are offered to their buyer before the menu",
        "Магазин, открытые заказы которого предлагаются покупателю до меню",
        default=None,
    )
    callback: Id | None = describe(
        "Campaign (mode preview) that calls back who reached nobody; none: the group's",
        "Кампания (режим preview), которая перезванивает не дождавшимся; пусто: кампания группы",
        default=None,
    )
    callback_after: list[Literal["lost_in_queue", "after_hours", "left_in_menu"]] = describe(
        "After which endings of a call the caller is called back",
        "После какого исхода звонка перезванивать",
        default=["lost_in_queue", "after_hours"],
    )
    survey: Id | None = describe(
        "Survey after a talk; none: the group's", "Опрос после разговора; пусто: опрос группы", default=None
    )
    language: Language | None = describe(
        "Language of its prompts; none: the system's", "Язык подсказок; пусто: язык системы", default=None
    )


class Schedule(Model):
    """When lines are open."""

    hours: Hours = describe(
        "Weekdays to windows; a day that is not named is closed",
        "Дни недели и окна; неназванный день — выходной",
        min_length=1,
    )
    holidays: list[Day] = describe(
        "Days closed: a date, or a day of every year",
        "Нерабочие дни: дата или день каждого года",
        default=[],
    )
    exceptions: dict[Day, list[Window]] = describe(
        "Other hours on single days; goes before holidays and weekdays; an empty list: closed",
        "Другие часы в отдельные дни; важнее праздников и дней недели; пустой список: закрыто",
        default={},
    )
    timezone: str | None = describe(
        "Time zone; none: the system's",
        "Часовой пояс; пусто: пояс системы",
        examples=["Asia/Omsk"],
        default=None,
    )


class ActionKind(StrEnum):
    """What a key may lead to; all but the last four name something."""

    GROUP = "group"
    """The agents of a group."""
    MENU = "menu"
    """Another menu."""
    LINE = "line"
    """Another line, with its hours."""
    MESSAGE = "message"
    """A prompt, then the menu again."""
    LOOKUP = "lookup"
    """An answer of the customer's system, then the menu again."""
    SHOP = "shop"
    """The caller's own orders at a shop."""
    SCRIPT = "script"
    """A script of the site's own, `scripts/NAME.py`."""
    CALLBACK = "callback"
    """The offer to be called back."""
    REPEAT = "repeat"
    """The menu again."""
    BACK = "back"
    """The menu before."""
    HANG_UP = "hang_up"
    """A goodbye."""


class Way(NamedTuple):
    """An action, read: `group sales` is (GROUP, "sales"), `repeat` is (REPEAT, "")."""

    kind: ActionKind
    name: str


def way(action: str) -> Way:
    """Read an action of a menu."""
    kind, _, name = action.partition(" ")
    return Way(ActionKind(kind), name)


Action = Annotated[
    str,
    form(
        "an action",
        "group, menu, line, message, lookup, shop or script with a name; or callback, repeat, back, hang_up",
        r"^(?:(?:group|menu|line|message|lookup|shop|script) [a-z][a-z0-9_-]{0,63}"
        r"|callback|repeat|back|hang_up)$",
        "group sales",
    ),
]
"""What a key of a menu leads to."""


class Menu(Model):
    """A voice menu: a prompt and what each key leads to."""

    prompt: Prompt = describe("Prompt that names the keys", "Подсказка, которая называет клавиши")
    keys: dict[Key, Action] = describe("Keys and where they lead", "Клавиши и куда они ведут", min_length=1)
    timeout: Duration = describe(
        "Silence after the prompt before it is said again",
        "Тишина после подсказки, прежде чем она повторится",
        default=5.0,
    )
    repeats: int = describe(
        "How often the menu is said again after silence or a wrong key, at most",
        "Сколько раз меню повторяется после тишины или неверной клавиши, не больше",
        ge=0,
        le=5,
        default=2,
    )
    wrong: Prompt = describe(
        "Prompt after a wrong key", "Подсказка после неверной клавиши", default="wrong-key"
    )
    otherwise: Action | None = describe(
        "Where a caller goes who chose nothing; none: to the line's group",
        "Куда попадает тот, кто ничего не выбрал; пусто: в группу линии",
        default=None,
    )


class Lookup(Model):
    """A question to the customer's system about the caller, and how its answer is said."""

    url: Url = describe(
        "Address that is asked by POST with JSON", "Адрес, который спрашивают через POST с JSON"
    )
    token: SecretStr | None = describe(
        "Bearer token for it, by reference", "Токен для неё, по ссылке", default=None
    )
    timeout: Duration = describe(
        "How long the answer may take in all", "Сколько может занять ответ, всего", default=3.0
    )
    say: dict[Language, Text] = describe(
        "What is said, by language; {name} or {name:kind} stands for a field of the answer, of kind text, "
        "number, money, date, time or digits",
        "Что произносится, по языкам; {имя} или {имя:вид} — поле ответа вида text, number, money, date, time "
        "или digits",
        min_length=1,
    )
    currency: Literal["RUB", "USD", "EUR"] = describe(
        "Currency of fields of kind money", "Валюта полей вида money", default="RUB"
    )
    fallback: Prompt = describe(
        "Prompt where no answer came, or a wrong one", "Подсказка, если ответа нет или он неверен"
    )


Score = Annotated[int, Field(ge=1, le=10)]


class FollowUp(Model):
    """A question that only some are asked."""

    up_to: Score = describe("For marks up to this one", "Для оценок не выше этой")
    question: Id = describe("Question that follows", "Следующий вопрос")


class Question(Model):
    """One question of a survey, answered by a mark."""

    prompt: Prompt = describe("Prompt that asks", "Подсказка с вопросом")
    scale: Literal[2, 3, 5, 10] = describe(
        "The highest mark; the lowest is 1", "Высшая оценка; низшая — 1", default=10
    )
    follow_up: FollowUp | None = describe(
        "Question after a low mark", "Вопрос после низкой оценки", default=None
    )


class Comment(Model):
    """A spoken comment."""

    prompt: Prompt = describe("Prompt that asks for it", "Подсказка с просьбой", default="survey-comment")
    longest: Duration = describe("How long it may be", "Сколько может длиться", default=60.0)
    keep: Duration = describe(
        "How long the recording is kept", "Сколько хранится запись", default=90 * 86400.0
    )
    up_to: Score | None = describe(
        "Only after a first mark up to this one; none: always",
        "Только после первой оценки не выше этой; пусто: всегда",
        default=None,
    )


class Survey(Model):
    """Marks that callers give by key after a talk, or in a campaign of its own."""

    title: Text = describe("Name for people", "Название для людей")
    intro: Prompt = describe("Prompt that begins it", "Подсказка в начале", default="survey-intro")
    questions: dict[Id, Question] = describe(
        "One to five questions, in order; those that only follow up another are asked only then",
        "От одного до пяти вопросов, по порядку; уточняющие задаются только тогда",
        min_length=1,
        max_length=5,
    )
    comment: Comment | None = describe("A spoken comment at the end", "Голосовой отзыв в конце", default=None)
    thanks: Prompt = describe("Prompt at the end", "Подсказка в конце", default="survey-thanks")
