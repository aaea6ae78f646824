"""`perezvon run`: the daemon in the foreground, as a service manager wants it."""

from __future__ import annotations

from typing import Annotated

import typer

from ami_daemon import logs
from ami_daemon.app import CannotRun, serve
from ami_daemon.control import VerbError
from cli.session import NO_ASTERISK, SiteFolder, fail, site_folder, site_of
from store import StoreError

try:
    from uvloop import run as run_loop  # the extra `uvloop`
except ImportError:
    from asyncio import run as run_loop  # type: ignore[assignment]  # which takes one argument less


def run(
    site: SiteFolder = None,
    drain: Annotated[
        float, typer.Option(help="Seconds to wait for calls under way when told to stop.")
    ] = 60.0,
    connect_within: Annotated[float, typer.Option(help="Seconds to wait for Asterisk at the start.")] = 30.0,
    debug: Annotated[bool, typer.Option(help="Log more, full phone numbers too.")] = False,
) -> None:
    """Run the dialer until SIGTERM or Ctrl-C, which let calls under way end first."""
    checked = site_of(site)
    logs.configure(debug=debug)
    try:
        run_loop(
            serve(checked, scripts=site_folder(site) / "scripts", drain=drain, connect_within=connect_within)
        )
    except CannotRun as error:
        fail(str(error), code=NO_ASTERISK)
    except StoreError as error:
        fail(error.message, error.hint)
    except VerbError as error:
        fail(error.message, error.hint)
