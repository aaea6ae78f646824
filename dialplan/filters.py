"""Typed filters: the only way a value gets into a template, and the check that holds it.

A filter makes its value safe for one kind of place, or refuses it with `RenderError`. Nothing is repaired by
guessing.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Iterable

from jinja2 import Environment, nodes
from pydantic import SecretStr

from config import forms

_EXT = re.compile(r"[0-9A-Za-z*+][0-9A-Za-z*#+-]{0,79}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,79}")
_WORD = re.compile(r"[A-Za-z0-9]{1,32}")
_USER = re.compile(r"[A-Za-z0-9._+-]{1,64}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,253}[A-Za-z0-9])?")
_PATH = re.compile(r"[a-z][A-Za-z0-9_/-]*(\?[a-z]+=[A-Za-z0-9_-]+(&[a-z]+=[A-Za-z0-9_-]+)*)?")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class RenderError(ValueError):
    """A value that may not stand in Asterisk's configuration; the text says what and why."""


def _matched(pattern: re.Pattern[str], value: object, kind: str) -> str:
    if isinstance(value, str) and pattern.fullmatch(value):
        return value
    raise RenderError(f"{value!r} is no {kind}")


def ext(value: object) -> str:
    """An extension that is dialed as it stands: never a pattern, never more than one device."""
    return _matched(_EXT, value, "extension (digits, letters, * + -, and # but not first)")


def name(value: object) -> str:
    """The name of one of our objects: an agent, a group, a context."""
    return _matched(_NAME, value, "object name (letters, digits, _ and -)")


def account(value: object) -> str:
    """A SIP user as an extension that is dialed as it stands."""
    found = user(value)
    if found.startswith("_") or len(found.encode()) > 80:
        raise RenderError(f"{found!r} cannot be an extension: it would be a pattern")
    return found


def num(value: object) -> str:
    """A whole number from zero up."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise RenderError(f"{value!r} is no whole number from 0 up")
    return str(value)


def secs(value: object) -> str:
    """A length of time as whole seconds, rounded up and at least 1 (Asterisk takes 0 for "no limit")."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 10**9:
        raise RenderError(f"{value!r} is no length of time in seconds")
    return str(max(1, math.ceil(value)))


def words(value: object) -> str:
    """Short words joined by commas, such as codecs."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise RenderError(f"{value!r} is no list of words")
    found = [_matched(_WORD, word, "word") for word in value]
    if not found:
        raise RenderError("a list of words is empty")
    return ",".join(found)


def user(value: object) -> str:
    """The user part of a SIP address."""
    return _matched(_USER, value, "SIP user")


def _address(value: object) -> str:
    if isinstance(value, str):
        try:
            return str(ipaddress.ip_address(value))
        except ValueError:
            pass
    return _matched(_HOST, value, "host name or address (a port stands in a key of its own)")


def host(value: object) -> str:
    """A host name or an address, as an option's whole value."""
    return _address(value)


def uri_host(value: object) -> str:
    """A host in front of a port or in a URI: an IPv6 address gets its brackets."""
    found = _address(value)
    return f"[{found}]" if ":" in found else found


def sound(value: object) -> str:
    """An absolute path of a prompt or of a folder of prompts, without the file's ending."""
    if (
        isinstance(value, str)
        and value.startswith("/")
        and all(char.isalnum() or char in "/_.+-@~ " for char in value)
        and value == value.strip()
    ):
        return value
    raise RenderError(f"{value!r} is no absolute path of letters, digits, spaces and / _ . + - @ ~")


def text(value: object) -> str:
    """Text for people inside double quotes of an option's value."""
    if not isinstance(value, str) or _CONTROL.search(value):
        raise RenderError(f"{value!r} is no single line of text")
    return value.replace("\\", "\\\\").replace('"', '\\"').replace(";", "\\;")


def caller(value: object) -> str:
    """A caller's name inside double quotes: Asterisk keeps 79 bytes and would cut a letter in two."""
    if not isinstance(value, str):
        raise RenderError(f"{value!r} is no single line of text")
    return text(value.encode()[: forms.CALLER_BYTES].decode(errors="ignore").strip())


def shown(value: object) -> str:
    """A name for a phone's display, as an application's argument: what means something there is left out."""
    if not isinstance(value, str) or _CONTROL.search(value):
        raise RenderError(f"{value!r} is no single line of text")
    return forms.shown(value)


def secret(value: object) -> str:
    """A password as an option's whole value. The refusal never shows it."""
    found = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not isinstance(found, str) or not found:
        raise RenderError("a password is empty")
    if not found.isascii() or not found.isprintable() or found != found.strip() or ";" in found:
        raise RenderError(
            "a password holds a character Asterisk's files cannot carry: use printable ASCII, no ;"
        )
    return found


def path(value: object) -> str:
    """A script's path and query in a request to the daemon; never a comma, which would end the address."""
    return _matched(_PATH, value, "path of a script (a/b?c=d)")


TYPED: dict[str, Callable[[object], str]] = {
    function.__name__: function
    for function in (
        ext,
        name,
        account,
        num,
        secs,
        words,
        user,
        host,
        uri_host,
        sound,
        text,
        caller,
        shown,
        secret,
        path,
    )
}


def check_template(environment: Environment, source: str, filename: str) -> None:
    """Refuse a template that prints anything but through a typed filter (or a macro of its own)."""
    tree = environment.parse(source, filename=filename)
    macros = {macro.name for macro in tree.find_all(nodes.Macro)}
    for output in tree.find_all(nodes.Output):
        for part in output.nodes:
            if isinstance(part, nodes.TemplateData) or (
                isinstance(part, nodes.Filter) and part.name in TYPED
            ):
                continue
            if (
                isinstance(part, nodes.Call)
                and isinstance(part.node, nodes.Name)
                and part.node.name in macros
            ):
                continue
            raise RenderError(f"{filename}:{part.lineno}: a value without a typed filter")
