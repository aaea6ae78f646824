"""The demo on the screen: live with rich on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

Facts = dict[str, Any]
"""What a frame shows: `campaign`, `calls`, `agents`, `outcomes`, `done`, `leads`, `seconds`; and, as the verb
`campaign_status` has them, `pacing` and `budget` (`None` while nothing was decided yet)."""

_CALLS = ("placed", "ringing", "answered", "waiting", "talking", "message")
_COLOURS = {
    "placed": "blue", "ringing": "cyan", "answered": "yellow", "waiting": "yellow", "talking": "green",
    "message": "red", "ready": "cyan", "wrap_up": "magenta", "not_ready": "bright_black",
    "offline": "bright_black",
}  # fmt: skip
_SIGNS = {"offline": "○", "not_ready": "‖", "ready": "◇", "ringing": "♪", "talking": "●", "wrap_up": "✎"}


def frame(facts: Facts) -> RenderableType:
    """One picture of the campaign."""
    calls = Table.grid(padding=(0, 1))
    for state in _CALLS:
        count = facts["calls"].get(state, 0)
        calls.add_row(state, f"{count:>3}", Text("█" * count, style=_COLOURS[state]))
    agents = Table.grid(padding=(0, 1))
    for agent in facts["agents"]:
        state = agent["state"]
        told = f"{state} ({agent['reason']})" if agent["reason"] else state
        agents.add_row(_SIGNS[state], agent["name"], Text(told, style=_COLOURS.get(state, "")))
    outcomes = Table.grid(padding=(0, 1))
    for outcome, count in sorted(facts["outcomes"].items(), key=lambda item: -item[1]):
        outcomes.add_row(outcome, f"{count:>3}")
    progress = Table.grid(padding=(0, 1))
    progress.add_row(
        ProgressBar(total=max(1, facts["leads"]), completed=facts["done"], width=50),
        f"{facts['done']} of {facts['leads']} leads, {facts['seconds']:.0f} s",
    )
    panels = [
        Panel(calls, title="calls", width=30, height=10),
        Panel(agents, title="agents", width=42, height=max(10, len(facts["agents"]) + 2)),
        Panel(outcomes, title="outcomes", width=30, height=10),
    ]
    title = Text(f"campaign {facts['campaign']}", style="bold")
    return Group(title, Columns(panels), Text("\n".join(pacing(facts))), progress)


def pacing(facts: Facts) -> list[str]:
    """Lines: calls under way for each free agent and what holds more back; what the law still permits."""
    known, budget = facts["pacing"], facts["budget"]
    lines = []
    if known:
        level = f"{known['level']:.1f} calls per free agent; " if known.get("level") else ""
        lines.append(f"pacing: {level}{known['why']}")
    if budget:
        share = f"abandoned: {budget['abandoned']:g} of {budget['live']:g} ({100 * budget['rate']:.1f} %)"
        if budget["limit"] is not None:
            left = budget["left"]
            share += f", the limit is {100 * budget['limit']:g} %: "
            share += f"{left:.1f} more may be" if left >= 0 else f"{-left:.1f} too many"
        lines.append(share)
    return lines


def line(facts: Facts) -> str:
    """The same as plain text, in three lines."""
    states = Counter(agent["state"] for agent in facts["agents"])
    calls = " ".join(f"{state} {facts['calls'].get(state, 0)}" for state in ("ringing", "waiting", "talking"))
    agents = " ".join(f"{state} {count}" for state, count in sorted(states.items()))
    leads = f"leads {facts['done']}/{facts['leads']}"
    first = f"{facts['seconds']:5.0f} s  {leads}  calls: {calls}  agents: {agents}"
    return ("\n" + 9 * " ").join([first, *pacing(facts)])


@contextmanager
def screen(console: Console) -> Iterator[Callable[[Facts], None]]:
    """A function that shows a frame: in place on a terminal, as plain text every 5 s elsewhere."""
    if console.is_terminal:
        with Live(console=console, refresh_per_second=8, transient=False) as live:
            yield lambda facts: live.update(frame(facts))
        return
    last = [-5.0]

    def plain(facts: Facts) -> None:
        if facts["seconds"] - last[0] >= 5.0:
            last[0] = facts["seconds"]
            console.print(line(facts), highlight=False, soft_wrap=True)

    yield plain
