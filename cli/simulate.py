"""`perezvon simulate`: what if the team were another? Works on the store; needs no daemon."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from cli.forecast import NOTHING, PACERS, Past, TooLittle, basis_of, notes_of, past_of, rows_of
from cli.forecast_picture import picture
from cli.ivr import simulate_ivr
from cli.session import Json, NoDatabase, SiteFolder, err, fail, out, show, site_of, store_to_read
from config.models import Site
from config.problems import did_you_mean
from predictive.screening import MEASURED
from predictive.simulator.families import screened_by
from predictive.simulator.forecast import forecast
from store import StoreError

simulate = typer.Typer(help="Simulate a campaign, or a caller in the menus: what if?", no_args_is_help=True)
simulate.command("ivr")(simulate_ivr)

RATES = "Rates to state, over what the history says"


def _share(text: str) -> Any:
    return typer.Option(min=0.0, max=1.0, help=text, show_default=False, rich_help_panel=RATES)


def _number(text: str, least: float = 0.0) -> Any:
    return typer.Option(min=least, help=text, show_default=False, rich_help_panel=RATES)


@simulate.command("campaign")
def simulate_campaign(
    name: Annotated[str, typer.Argument(help="The campaign's name.")],
    agents: Annotated[
        int | None,
        typer.Option(min=1, max=1000, help="The team's size; default: all of the group.", show_default=False),
    ] = None,
    beside: Annotated[
        str, typer.Option(help="Other sizes to compare with, 8,10,14; default: half, and half as many again.")
    ] = "",
    days: Annotated[int, typer.Option(min=1, max=100, help="Days on end.")] = 5,
    hours: Annotated[float, typer.Option(min=0.25, max=23.0, help="Hours a day.")] = 8.0,
    seed: Annotated[int, typer.Option(help="The first seed: the same one, the same luck.")] = 1,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="So many seeds, and their mean.")] = 1,
    answer_rate: Annotated[float | None, _share("Share of attempts that are answered.")] = None,
    failed: Annotated[float | None, _share("Share of attempts that are busy or fail at once.")] = None,
    ring: Annotated[float | None, _number("Mean seconds until the answer.", 0.1)] = None,
    talk: Annotated[float | None, _number("Mean seconds of a talk.", 0.1)] = None,
    wrap: Annotated[float | None, _number("Mean seconds of wrap-up.")] = None,
    machines: Annotated[float | None, _share("Share of machines among the answered.")] = None,
    screening: Annotated[
        bool,
        typer.Option(
            "--screening",
            help="Machines are told from persons as `python -m bench screening` measured it.",
            rich_help_panel=RATES,
        ),
    ] = False,
    pause_every: Annotated[float | None, _number("Mean seconds between two pauses; 0: none.")] = None,
    pause: Annotated[float | None, _number("Mean seconds of a pause.", 0.1)] = None,
    inbound: Annotated[float | None, _number("Inbound callers per agent-hour.")] = None,
    lines: Annotated[
        int | None, typer.Option(min=1, help="Lines at most; default: all needed.", show_default=False)
    ] = None,
    target: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="Abandonment; default: the campaign's.", show_default=False),
    ] = None,
    picture_file: Annotated[
        Path | None, typer.Option("--picture", help="Write a picture, SVG.", show_default=False)
    ] = None,
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """Occupancy, waits, abandonment, lines, and how long the list lasts, for teams of several sizes.

    The campaign's own history says how its calls go; what is stated here counts instead. Predictive
    dialing stands beside progressive, with the same luck.
    """
    checked = site_of(site)
    if name not in checked.campaigns:
        fail(f"no campaign is called {name!r}", did_you_mean(name, checked.campaigns))
    if picture_file is not None and picture_file.suffix != ".svg":
        raise typer.BadParameter("the picture is SVG: a name that ends in .svg", param_hint="--picture")
    campaign = checked.campaigns[name]
    size = agents or max(1, len(checked.members(campaign.group)))
    sizes = _sizes(size, beside)
    stated: dict[str, Any] = {
        "answer_rate": answer_rate, "fast_failed": failed, "ring": ring, "talk": talk, "wrap": wrap,
        "machine_share": machines, "pause_every": pause_every, "pause_length": pause, "inbound": inbound,
        "lines": lines, **(screened_by(MEASURED) if screening else {}),
    }  # fmt: skip
    stated = {key: value for key, value in stated.items() if value is not None}
    past = _past(checked, name)
    aim = campaign.aim if target is None else target
    try:
        basis = basis_of(checked, name, past, stated, hours)
        with _progress(f"{days} days of {name}") as told:
            forecasts = forecast(
                basis.scenario, sizes, PACERS, target=aim, seeds=range(seed, seed + seeds), days=days,
                progress=told,
            )  # fmt: skip
    except TooLittle as error:
        fail(str(error), error.hint)
    except ValueError as error:
        fail(str(error), "look at the rates stated")
    rows = rows_of(forecasts, basis, past, campaign)
    notes = notes_of(checked, name, basis, past, rows)
    if picture_file is not None:
        title = f"{name}: {days} day{'s' * (days > 1)} of {hours:g} h"
        _write(picture_file, picture(title, rows, aim, size))
    if as_json:
        learnt = {key: value for key, value in asdict(past.learnt).items() if key != "rates"}
        rests_on = {**learnt, "learnt": basis.learnt, "stated": basis.stated, "assumed": basis.assumed}
        show(
            {
                "campaign": name, "agents": size, "days": days, "hours": hours, "target": aim,
                "seeds": list(range(seed, seed + seeds)), "rests_on": rests_on,
                "list": {"name": campaign.list, "ready": past.ready, "again": past.again},
                "forecasts": rows, "notes": notes,
            },
            True,
        )  # fmt: skip
        return
    show([_told(row) for row in rows], False)
    for note in notes:
        out.print(f"* {note}", markup=False, highlight=False, soft_wrap=True)


def _sizes(size: int, beside: str) -> list[int]:
    """The sizes asked for, smallest first."""
    if not beside:
        return sorted({max(1, size // 2), size, (3 * size + 1) // 2})
    others = [part.strip() for part in beside.split(",")]
    if not all(part.isdigit() and 1 <= int(part) <= 1000 for part in others):
        raise typer.BadParameter(
            "team sizes are whole numbers from 1 to 1000: 8,10,14", param_hint="--beside"
        )
    return sorted({size, *map(int, others)})


def _past(site: Site, name: str) -> Past:
    async def look() -> Past:
        async with store_to_read(site.system) as store:
            return await past_of(store, site, name)

    try:
        return asyncio.run(look())
    except NoDatabase:
        return NOTHING
    except StoreError as error:
        fail(error.message, error.hint)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[float], None]]:
    """A bar on standard error, if that is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share: bar.update(task, completed=share)


def _told(row: dict[str, Any]) -> dict[str, Any]:
    hours, days = row["list_hours"], row["list_days"]
    return {
        "agents": row["agents"],
        "pacer": row["pacer"],
        "occupancy": f"{100 * row['occupancy']:.1f} %",
        "wait": f"{row['wait']:.0f} s",
        "abandoned": f"{100 * row['abandonment']:.2f} %",
        "connects_per_hour": f"{row['connects_per_hour']:.0f}",
        "attempts_per_hour": f"{row['attempts_per_hour']:.0f}",
        "lines_95_%": row["lines_p95"],
        "lines_max": row["lines_max"],
        "list_lasts": "-" if not hours else f"{days:.1f} days" if days >= 1 else f"{hours:.1f} h",
    }


def _write(file: Path, svg: str) -> None:
    try:
        file.write_text(svg, encoding="utf-8")
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}", "name another one with --picture")
