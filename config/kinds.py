"""The kinds of object, where each is written, and how to find a key's model."""

from __future__ import annotations

import types
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

from config.models import (
    Agent,
    Campaign,
    Disposition,
    Group,
    Line,
    Lookup,
    Menu,
    PauseReason,
    Schedule,
    Shop,
    Survey,
    System,
    Trunk,
)
from config.tree import Path


class Layout(Enum):
    """How the objects of a kind lie in files."""

    ONE = "one file, one object"
    FOLDER = "a folder with one file per object, named after it"
    MAPPING = "one file, a mapping of names to objects"


@dataclass(frozen=True, slots=True)
class Kind:
    """`name` is the schema's, `key` the `Site`'s attribute and the file's or folder's name."""

    name: str
    key: str
    model: type[BaseModel]
    layout: Layout
    ru: str

    @property
    def place(self) -> str:
        return f"{self.key}/NAME.yaml" if self.layout is Layout.FOLDER else f"{self.key}.yaml"

    @property
    def en(self) -> str:
        return (self.model.__doc__ or "").strip()


KINDS = (
    Kind("system", "system", System, Layout.ONE, "Установка: узел, Asterisk, пределы, коды агентов."),
    Kind("trunk", "trunks", Trunk, Layout.FOLDER, "Транк: оператор связи, через которого идут звонки."),
    Kind("line", "lines", Line, Layout.FOLDER, "Входящая линия: номер и группа, которая отвечает."),
    Kind("group", "groups", Group, Layout.FOLDER, "Группа агентов: обслуживает кампании и линии."),
    Kind("agent", "agents", Agent, Layout.FOLDER, "Агент: человек с SIP-телефоном."),
    Kind("campaign", "campaigns", Campaign, Layout.FOLDER, "Кампания: цель, список, режим, часы, правила."),
    Kind("schedule", "schedules", Schedule, Layout.FOLDER, "Расписание: когда линии работают."),
    Kind("menu", "menus", Menu, Layout.FOLDER, "Голосовое меню: подсказка и куда ведут клавиши."),
    Kind(
        "lookup", "lookups", Lookup, Layout.FOLDER, "Вопрос системе заказчика о звонящем и как сказать ответ."
    ),
    Kind(
        "survey",
        "surveys",
        Survey,
        Layout.FOLDER,
        "Опрос: оценки клавишами после разговора или отдельной кампанией.",
    ),
    Kind(
        "shop",
        "shops",
        Shop,
        Layout.FOLDER,
        "Магазин: его заказы, правила их подтверждения и куда идут результаты.",
    ),
    Kind("pause_reasons", "pause_reasons", PauseReason, Layout.MAPPING, "Почему агент не готов."),
    Kind("dispositions", "dispositions", Disposition, Layout.MAPPING, "Результат разговора со слов агента."),
)


def bare(annotation: Any) -> Any:
    """A type without `Annotated` and without the `None` that makes it optional."""
    while True:
        origin, args = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            annotation = args[0]
        elif (
            origin in (Union, types.UnionType)
            and len(rest := [a for a in args if a is not types.NoneType]) == 1
        ):
            annotation = rest[0]
        else:
            return annotation


def type_at(annotation: Any, path: Path) -> Any:
    """The type of the value at `path` under a model or type; None where no model knows it."""
    for part in path:
        annotation = bare(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            if part not in annotation.model_fields:
                return None
            annotation = annotation.model_fields[str(part)].annotation
        elif get_origin(annotation) in (dict, list):
            annotation = get_args(annotation)[-1]
        else:
            return None
    return bare(annotation)


def names_at(annotation: Any, path: Path) -> list[str]:
    """The keys that may stand in the mapping at `path`; empty where any name may."""
    found = type_at(annotation, path)
    if isinstance(found, type) and issubclass(found, BaseModel):
        return list(found.model_fields)
    if get_origin(found) is dict and get_origin(keys := bare(get_args(found)[0])) is Literal:
        return list(get_args(keys))
    return []


def is_secret(annotation: Any, path: Path) -> bool:
    """Whether the value at `path` is a secret."""
    return type_at(annotation, path) is SecretStr
