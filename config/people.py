"""Groups and agents, and why an agent is not ready."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from config.fields import Model, describe
from config.forms import Duration, Extension, Id, Key, Language, Prompt, Text, form


class Surge(Model):
    """Where callers go when a group has too many of them."""

    group: Id = describe("The other group", "Другая группа")
    waiting: int | None = describe(
        "From so many waiting callers on", "Начиная с такого числа ожидающих", ge=1, le=1000, default=None
    )
    wait: Duration | None = describe(
        "From such an expected wait on", "Начиная с такого ожидаемого времени", default=None
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
    messages: list[Prompt] = describe(
        "Prompts that waiting callers hear between music, one after the other",
        "Подсказки, которые ожидающие слышат между музыкой, по очереди",
        default=[],
    )
    messages_every: Duration = describe(
        "Time between two of them", "Время между двумя такими подсказками", default=40.0
    )
    announce_every: Duration | None = describe(
        "How often waiting callers hear their place and the expected wait; none: never",
        "Как часто ожидающие слышат своё место и ожидаемое время; пусто: никогда",
        default=None,
    )
    callback: Id | None = describe(
        "Campaign (mode preview) that calls back, in their turn, who asks for it, and who was missed",
        "Кампания (режим preview), которая перезванивает в порядке очереди тем, кто попросил, и пропущенным",
        default=None,
    )
    callback_key: Key = describe(
        "Key by which a waiting caller asks to be called back",
        "Клавиша, которой ожидающий просит перезвонить",
        default="1",
    )
    surge: Surge | None = describe(
        "When callers go to another group as well", "Когда звонящие идут и в другую группу", default=None
    )
    survey: Id | None = describe("Survey after a talk", "Опрос после разговора", default=None)


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
