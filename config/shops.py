"""Shops: whose orders we confirm, and by which rules."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from config.fields import Model, describe
from config.forms import Duration, Id, Text, Url, Window

Sum = Annotated[int, Field(ge=0, le=1_000_000_000)]


class Webhook(Model):
    """Where results go."""

    url: Url = describe("Address that results are posted to", "Адрес, куда отправляются результаты")
    secret: SecretStr = describe(
        "Key of the signature (HMAC-SHA256), by reference", "Ключ подписи (HMAC-SHA256), по ссылке"
    )
    timeout: Duration = describe(
        "How long one try may take", "Сколько может длиться одна попытка", default=10.0
    )
    keep_trying: Duration = describe(
        "How long a result is tried, with growing pauses",
        "Сколько времени повторяются попытки, с растущими паузами",
        default=3 * 86400.0,
    )


class Rule(Model):
    """A row of the rule table; every condition that is written must hold."""

    in_stock: bool | None = describe("Everything is in stock", "Всё есть в наличии", default=None)
    call_me: bool | None = describe("The buyer asks for a call", "Покупатель просит позвонить", default=None)
    from_sum: Sum | None = describe("The sum is at least this", "Сумма не меньше этой", default=None)
    below_sum: Sum | None = describe("The sum is less than this", "Сумма меньше этой", default=None)
    attributes: dict[Id, Text | bool | int] = describe(
        "Attributes of the order with these values", "Атрибуты заказа с этими значениями", default={}
    )
    then: Literal["confirm", "robot", "agents"] = describe(
        "Confirmed at once, called by the robot, or by agents",
        "Подтвердить сразу, звонит робот или агенты",
    )


class Shop(Model):
    """A customer's shop: its orders come in by the API or CSV, are confirmed, and the results go back."""

    title: Text = describe("Name for people", "Название для людей")
    token: SecretStr = describe(
        "Token with which the shop's system posts orders, by reference",
        "Токен, с которым система магазина присылает заказы, по ссылке",
    )
    currency: Literal["RUB", "USD", "EUR"] = describe("Currency of sums", "Валюта сумм", default="RUB")
    rules: list[Rule] = describe(
        "Rule table, the first row that fits decides; none fits: agents",
        "Таблица правил, решает первая подходящая строка; ни одна: агенты",
        default=[],
    )
    robot: Id | None = describe(
        "Campaign (mode robot, script orders) that calls about orders",
        "Кампания (режим robot, сценарий orders), которая звонит по заказам",
        default=None,
    )
    agents: Id | None = describe(
        "Campaign whose agents call about orders", "Кампания, агенты которой звонят по заказам", default=None
    )
    delivery: Id | None = describe(
        "Campaign (mode robot, script delivery) that tells date and window after the confirmation",
        "Кампания (режим robot, сценарий delivery), которая сообщает дату и время после подтверждения",
        default=None,
    )
    merge: Duration = describe(
        "How long an order waits for others of the same number, to be one call",
        "Сколько заказ ждёт других с того же номера, чтобы позвонить один раз",
        default=120.0,
    )
    windows: list[Window] = describe(
        "Windows of delivery that a caller may choose from; none: the delivery is moved by agents only",
        "Интервалы доставки на выбор звонящего; пусто: доставку переносят только агенты",
        default=[],
        max_length=7,
    )
    days_ahead: int = describe(
        "Days from tomorrow that a caller may choose from",
        "Дней начиная с завтрашнего на выбор звонящего",
        ge=1,
        le=7,
        default=3,
    )
    webhook: Webhook | None = describe(
        "Where results go; none: only to CSV",
        "Куда отправляются результаты; пусто: только в CSV",
        default=None,
    )
