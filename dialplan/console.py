"""Asterisk's console: commands in, text out."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import Protocol


class ConsoleError(Exception):
    """Asterisk's console cannot be had; the text says why."""


class Console(Protocol):
    """Runs one command on the running Asterisk."""

    def run(self, command: str) -> str:
        """What it prints. Raises `ConsoleError` where Asterisk does not run."""


class AsteriskConsole:
    """`asterisk -rx`, by the program that `system.asterisk.command` names."""

    def __init__(self, program: Sequence[str], deadline: float = 30.0) -> None:
        self.program = list(program)
        self.deadline = deadline

    def run(self, command: str) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - a list of arguments, no shell
                [*self.program, "-rx", command],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self.deadline,
                check=False,
            )
        except FileNotFoundError:
            raise ConsoleError(f"there is no program {self.program[0]}") from None
        except PermissionError:
            raise ConsoleError(f"{self.program[0]} may not be run by this user") from None
        except subprocess.TimeoutExpired:
            raise ConsoleError(f"no answer to `{command}` within {self.deadline:g} s") from None
        text = done.stdout.decode(errors="replace")
        said = (text + done.stderr.decode(errors="replace")).strip()
        if "Unable to connect to remote asterisk" in said:
            raise ConsoleError("Asterisk is not running, or this user may not use its console")
        if done.returncode and not text.strip():
            raise ConsoleError(said.splitlines()[-1] if said else f"exit code {done.returncode}")
        return text
