"""`perezvon schema`: the JSON Schema that editors complete and underline by."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.session import Json, fail, out
from config import schema as schemas
from config.kinds import KINDS
from config.problems import did_you_mean


def schema(
    kind: Annotated[
        str | None, typer.Argument(help="Print this kind's schema; none: list the kinds.", show_default=False)
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(
            "--write", metavar="DIR", help="Write all schemas into this folder.", show_default=False
        ),
    ] = None,
    json: Json = False,
) -> None:
    """JSON Schema of each kind of file in a site."""
    if write is not None:
        try:
            written = [str(path) for path in schemas.write(write)]
        except OSError as error:
            fail(f"the schemas cannot be written to {write} ({error.strerror})")
        _print(written, json)
    elif kind is None:
        _print([one.name for one in KINDS], json)
    else:
        found = next((one for one in KINDS if kind in (one.name, one.key)), None)
        if found is None:
            fail(f"there is no kind `{kind}`", did_you_mean(kind, [one.name for one in KINDS]))
        typer.echo(schemas.text(found), nl=False)


def _print(lines: list[str], json: bool) -> None:
    if json:
        out.print_json(data=lines)
        return
    for line in lines:
        typer.echo(line)
