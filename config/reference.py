"""`python -m config.reference > docs/reference.md`: every key and every code, from the models."""

from __future__ import annotations

from config.codes import CODES
from config.explain import Key, all_keys
from config.kinds import KINDS
from config.laws import LAWS, NOT_ADVICE

_HEAD = """\
# Reference: what may be written in a site

Made from the models by `python -m config.reference > docs/reference.md`; do not edit. The same is told by
`perezvon explain KEY` and `perezvon explain CODE`, and shown by editors that read the JSON Schema which
each file's first line names.

A site is a folder. All files are YAML 1.2 in UTF-8, without anchors, aliases, tags and second documents.
Phone numbers, extensions and codes are text: put them in quotes.
"""
_LAWS = """
## Laws

What `campaigns.law` stands for. {0}<br>{1}

| law | figures | what to know | source |
| --- | --- | --- | --- |
"""
_CODES = """
## Codes of problems

`E` is an error: nothing is applied, and the daemon does not start. `W` is a warning.

| code | meaning | по-русски | keys |
| --- | --- | --- | --- |
"""


def markdown() -> str:
    """The whole page."""
    text = _HEAD
    keys = all_keys()
    for kind in KINDS:
        text += f"\n## {kind.key}\n\nIn `{kind.place}`. {kind.en}\n{kind.ru}\n\n"
        text += "| key | what | default | meaning |\n| --- | --- | --- | --- |\n"
        text += "".join(_row(key) for key in keys if key.kind is kind)
    text += _LAWS.format(*NOT_ADVICE)
    for name, law in LAWS.items():
        text += f"| `{name}` | {law.numbers()} | {law.en}<br>{law.ru} | {law.source} |\n"
    text += _CODES
    for code, meaning in CODES.items():
        looked_at = ", ".join(f"`{key}`" for key in meaning.keys)
        text += f"| {code} | {_cell(meaning.en)} | {_cell(meaning.ru)} | {looked_at} |\n"
    return text


def _row(key: Key) -> str:
    default = "**required**" if key.required else f"`{key.default}`" if key.default else ""
    path = key.path.partition(".")[2]
    what = f"{key.type}: {key.form}" if key.form else key.type
    return f"| `{path}` | {_cell(what)} | {default} | {_cell(key.en)}<br>{_cell(key.ru)} |\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print(markdown(), end="")
