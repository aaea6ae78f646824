"""Secrets by reference: `${env:NAME}` and `${file:PATH}` are read here, and made for a new site.

No message ever holds a secret's value.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from config.files import Entry, read
from config.kinds import is_secret
from config.tree import Path as KeyPath
from config.tree import Scalar, scalars

_REFERENCE = re.compile(r"\$\{(env|file):([^{}]+)\}")
_CARRIED = re.compile(r"[!#-:<-\[\]-~]+")
"""Printable ASCII without space, quote, semicolon and backslash: safe in Asterisk's files and in phones."""
_MAX_BYTES = 512
_CREDENTIALS = Path("/run/credentials")
"""systemd's own store of secrets: it guards the files by other means than their mode."""


class Refused(Exception):
    """A secret that cannot be had: a problem without its place."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        self.code, self.message, self.hint = code, message, hint
        super().__init__(message)


def of_entry(entry: Entry) -> Iterator[tuple[KeyPath, Scalar]]:
    """The scalars of an object that stand where a secret belongs."""
    return ((path, node) for path, node in scalars(entry.node) if is_secret(entry.kind.model, path))


def resolve(text: str, folder: Path) -> str:
    """The secret that a reference names; a text that is no reference is the secret itself. Raises Refused."""
    if not text.startswith("${"):
        value = text
    elif not (found := _REFERENCE.fullmatch(text)):
        raise Refused(
            "E222", f"`{text}` is no reference to a secret", "write ${env:NAME} or ${file:secrets/NAME}"
        )
    elif found[1] == "env":
        value = os.environ.get(found[2], "")
        if not value:
            raise Refused(
                "E223", f"the environment variable {found[2]} is not set", "set it, or use ${file:...}"
            )
    else:
        value = _from_file(folder / found[2])
    if not _CARRIED.fullmatch(value):
        raise Refused(
            "E226",
            "the secret holds a space, a quote, a semicolon, a backslash or a character that is not ASCII",
            "choose one of Latin letters, digits, - and _",
        )
    return value


def _from_file(path: Path) -> str:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MAX_BYTES:
            raise Refused("E224", f"{path} is no file of at most {_MAX_BYTES} bytes")
        if found.st_mode & 0o077 and not path.is_relative_to(_CREDENTIALS):
            raise Refused("E225", f"{path} can be read by others", f"chmod 600 {path}")
        value = path.read_text("utf-8").rstrip("\r\n")
    except FileNotFoundError:
        raise Refused(
            "E224",
            f"the secret's file {path} is missing",
            "put the secret there with mode 600, or run `perezvon check --create-secrets`",
        ) from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Refused("E224", f"the secret's file {path} cannot be read ({why})") from None
    if not value:
        raise Refused("E224", f"the secret's file {path} is empty", "put the secret there")
    return value


def create_missing(folder: Path) -> list[Path]:
    """Make a random secret, mode 0600, for every missing `${file:...}` inside the site's folder.

    A trunk's password is not made: the carrier gives it. Returns the new files.
    """
    made: list[Path] = []
    root = folder.resolve()
    for entry in read(folder).entries:
        if entry.kind.key == "trunks":
            continue
        for _, node in of_entry(entry):
            found = _REFERENCE.fullmatch(node.raw)
            if not found or found[1] != "file":
                continue
            path = root / found[2]
            if not path.resolve().is_relative_to(root) or path.exists():
                continue
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(24) + "\n")
            made.append(path)
    return made
