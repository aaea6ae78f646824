"""What pydantic says about a value, in plain sentences with the mend."""

from __future__ import annotations

from pydantic_core import ErrorDetails

from config.files import Entry
from config.forms import FORMS
from config.kinds import is_secret, names_at
from config.problems import Problem, did_you_mean
from config.tree import Path, Scalar, find

_RANGES = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}
_KINDS_OF_VALUE = {
    "int_type": ("a whole number", "write it without quotes, for example 30"),
    "int_from_float": ("a whole number", "write it without a fraction"),
    "float_type": ("a number", "write it without quotes, for example 1.5"),
    "finite_number": ("a number", "write it in digits, for example 1.5"),
    "bool_type": ("true or false", "write true or false (yes, no, on and off are text in YAML 1.2)"),
    "list_type": ("a list", "write it in brackets: [a, b]"),
    "dict_type": ("a mapping of keys", "write it as lines of `key: value`"),
    "model_type": ("a mapping of keys", "write it as lines of `key: value`"),
    "string_type": ("one text", "write it without brackets, and without a `key:` of its own"),
}


def sentence(entry: Entry, error: ErrorDetails) -> Problem:
    """A schema problem of an object, with its place in the file."""
    of_key = error["loc"][-1:] == ("[key]",) or error["type"] == "extra_forbidden"
    path: Path = tuple(part for part in error["loc"] if part != "[key]")
    mark, node = find(entry.node, path, start=entry.mark, key=of_key)
    written = node if isinstance(node, Scalar) and not of_key else None
    secret = is_secret(entry.kind.model, path)
    code, message, hint = _say(entry, error, path, written, secret)
    return Problem(entry.file, mark.line, mark.column, code, message, hint)


def _say(
    entry: Entry, error: ErrorDetails, path: Path, written: Scalar | None, secret: bool
) -> tuple[str, str, str]:
    kind, ctx = error["type"], error.get("ctx", {})
    name = dotted(path) or f"this {entry.kind.name}"
    if kind == "extra_forbidden":
        known = names_at(entry.kind.model, path[:-1])
        return "E201", f"unknown key `{path[-1]}`", did_you_mean(str(path[-1]), known)
    if kind == "missing":
        return (
            "E202",
            f"the key `{name}` is missing",
            f"`perezvon explain {entry.kind.key}.{name}` tells what it is",
        )
    if written and written.value is None:
        return "E203", f"`{name}` has no value", "write one, or remove the key"
    if kind == "string_type" and written:
        return "E204", f"`{name}` must be text", "quote it" if secret else f'quote it: "{written.raw}"'
    if kind == "string_pattern_mismatch":
        form = FORMS[str(ctx["pattern"])]
        return (
            "E207",
            f"`{error['input']}` is not {form.title}",
            f'{form.rule}, for example "{form.example}"',
        )
    if kind in ("literal_error", "enum"):
        allowed = str(ctx["expected"]).replace("'", "")
        words = allowed.replace(" or ", ", ").split(", ")
        near = did_you_mean(str(error["input"]), words)
        return (
            "E205",
            f"`{name}` must be one of {', '.join(words)}",
            "" if near.startswith("known") else near,
        )
    if kind in _RANGES:
        bound, words_ = _RANGES[kind]
        return "E206", f"`{name}` must be {words_} {ctx[bound]:g}", ""
    if kind in ("too_short", "too_long", "string_too_short", "string_too_long"):
        least = kind.endswith("short")
        bound = ctx["min_length" if least else "max_length"]
        unit = "characters" if kind.startswith("string") else "entries"
        return "E206", f"`{name}` must have {'at least' if least else 'at most'} {bound} {unit}", ""
    if kind == "value_error":
        text = str(ctx["error"])
        if "length of time" in text:
            raw = written.raw if written else "15"
            example = f"{raw}s" if raw.isdecimal() else "15s"
            return "E208", f"`{name}` {text}", f'for example "{example}", "2m" or "1h"'
        return "E207", f"`{name}` {text}", ""
    what, mend = _KINDS_OF_VALUE.get(kind, (f"something else ({error['msg']})", ""))
    return "E203", f"`{name}` must be {what}", mend


def dotted(path: Path) -> str:
    """`attempts.retry.busy`, `numbers[0]`: a path as people write it."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
