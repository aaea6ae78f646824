"""What can be wrong with a site: the problem, its stable code, and one table of what each code means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """An error keeps a site from being used; a warning is a thing to look at."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where (line and column count from 1), what, and how to mend it."""

    file: str
    line: int
    column: int
    code: str
    message: str
    hint: str = ""

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.code.startswith("W") else Severity.ERROR

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}:{self.column} {self.code} {self.message}"
        return f"{text}; {self.hint}" if self.hint else text


class SiteError(ValueError):
    """A site that cannot be used; `problems` holds everything that was found, warnings included."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Code(NamedTuple):
    """What a code means, in English and Russian, and the keys that it looks at."""

    en: str
    ru: str
    keys: tuple[str, ...] = ()


CODES: dict[str, Code] = {
    # YAML
    "E101": Code("a file or folder cannot be read", "файл или каталог не читается"),
    "E102": Code("a file is larger than 1 MiB", "файл больше 1 МиБ"),
    "E103": Code("a file is not UTF-8", "файл не в UTF-8"),
    "E104": Code("a control character", "управляющий символ"),
    "E105": Code("not YAML", "это не YAML"),
    "E106": Code("a key stands twice in one mapping", "ключ повторяется"),
    "E107": Code("an anchor, an alias or a merge key", "якорь, псевдоним или ключ слияния"),
    "E108": Code("a tag or a directive", "тег или директива YAML"),
    "E109": Code("more than one document in a file", "несколько документов в одном файле"),
    "E110": Code("nested deeper than 20 levels", "вложенность больше 20 уровней"),
    "E111": Code("a file without content, or not a mapping of keys", "файл пуст или не содержит ключей"),
    "E112": Code("a key that is not text", "ключ не является текстом"),
    "E113": Code("a file that the site needs is missing", "нет обязательного файла"),
    "E114": Code("an object's name (its file's, or its key) is not a name", "недопустимое имя объекта"),
    "W501": Code("a file or folder that is not read", "файл или каталог, который не читается программой"),
    # Schema
    "E201": Code("an unknown key", "неизвестный ключ"),
    "E202": Code("a key is missing", "нет обязательного ключа"),
    "E203": Code("a value of the wrong kind", "значение не того типа"),
    "E204": Code("text that needs quotes", "тексту нужны кавычки"),
    "E205": Code("a value that is not among the allowed ones", "значение не из списка допустимых"),
    "E206": Code("a number or a length out of range", "число или длина вне пределов"),
    "E207": Code("text of the wrong form", "текст не того вида"),
    "E208": Code("a length of time without its unit", "длительность без единицы"),
    # Secrets
    "E221": Code("${...} outside a secret", "${...} не на месте секрета"),
    "E222": Code("a reference that is neither ${env:NAME} nor ${file:PATH}", "неверная ссылка на секрет"),
    "E223": Code("a secret's environment variable is not set", "нет переменной окружения с секретом"),
    "E224": Code("a secret's file is missing or not usable", "нет файла секрета, или он не годится"),
    "E225": Code("a secret's file can be read by others", "файл секрета доступен посторонним"),
    "E226": Code("a secret with characters that cannot be carried", "недопустимые символы в секрете"),
    "W502": Code("a secret in plain text", "секрет открытым текстом"),
    # References
    "E301": Code("no such group", "нет такой группы", ("campaigns.group", "lines.group", "agents.groups")),
    "E302": Code("no such trunk", "нет такого транка", ("campaigns.trunk", "lines.trunks")),
    "E303": Code(
        "no such prompt, or not in the language that is spoken",
        "нет такой подсказки, или её нет на нужном языке",
        ("campaigns.message", "lines.greeting", "campaigns.language", "lines.language", "system.language"),
    ),
}
