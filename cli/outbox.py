"""`perezvon outbox`: results on their way to shops. Works on the store; needs no daemon."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from cli.session import Json, SiteFolder, ask_store, fail, show, site_of
from store.outbox import Letter, LetterState

outbox = typer.Typer(help="Results on their way to shops.", no_args_is_help=True)


@outbox.command("list")
def list_letters(
    state: Annotated[LetterState | None, typer.Option(help="Only letters in this state.")] = None,
    shop: Annotated[str | None, typer.Option(help="Only this shop's.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Letters at most.")] = 50,
    after: Annotated[int, typer.Option(help="Only letters with a higher id: the next page.")] = 0,
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """What waits, was sent, or was given up, and why, oldest first."""
    system = site_of(site).system
    found = ask_store(system, lambda store: store.outbox.page(state, shop, limit, after))
    zone = ZoneInfo(system.timezone)
    show([_row(letter, zone) for letter in found] or ([] if as_json else ["nothing"]), as_json)


@outbox.command("retry")
def retry(
    ids: Annotated[
        list[int] | None, typer.Argument(help="Ids from `outbox list`.", show_default=False)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All that were given up or wait.")] = False,
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """Try again at once what was given up or waits for its next try."""
    if bool(ids) == every:
        fail("say which", "give ids from `perezvon outbox list`, or --all")
    system, now = site_of(site).system, time.time()  # noqa: TID251 - the edge
    wanted = None if every else ids
    count = ask_store(system, lambda store: store.outbox.retry(wanted, now), write=True)
    show({"tried_again": count}, as_json)
    if wanted and count < len(set(wanted)):
        told = "no letter that can be sent: unknown, sent already, or the shop has a later one of that order"
        fail(f"{len(set(wanted)) - count} of these ids are of {told}")


def _row(letter: Letter, zone: ZoneInfo) -> dict[str, Any]:
    def told(at: float) -> str:
        return datetime.fromtimestamp(at, zone).isoformat(" ", "seconds")

    return {
        "id": letter.id,
        "shop": letter.shop,
        "order": letter.body["order"]["key"],
        "event": letter.event,
        "state": letter.state.value,
        "made": told(letter.created_at),
        "next_try": told(letter.due_at) if letter.state is LetterState.WAITING else None,
        "tries": letter.tries,
        "error": letter.error,
        "delivery": letter.delivery,
    }
