"""The pacing bench's figures as tables for people."""

from collections.abc import Iterator, Sequence
from typing import Any


def lines(figures: dict[str, Any]) -> Iterator[str]:
    """The three tables, each with its title and what its marks mean."""
    target = figures["target"]
    seeds = f"seeds {_span(figures['table_seeds'])}, {figures['hours']:g} h, target {percent(target)}"
    rows = figures["occupancy"]
    yield f"Reference cell, occupancy ({seeds}); ! abandonment of a seed over the target"
    yield from table([_occupancy(row, target) for row in rows])
    if any(row["peers"] for row in rows):
        yield ""
        tuning = _span(figures["tuning_seeds"])
        yield (
            f"Peers: occupancy, abandonment; best: the busiest that keeps the target on seeds {tuning}"
            ", else the nearest to it; over: it does not, or not on the seeds judged"
        )
        yield from table([line for row in rows for line in _peers(row)])
    yield ""
    yield f"Abandonment of the day, predictive, seeds {_span(figures['seeds'])}; over: seeds above the target"
    yield from table([_abandonment(cell) for cell in figures["abandonment"]])
    yield ""
    cost = figures["cost"]
    yield f"Cost at {cost['agents']} agents ({cost['hours']:g} h), processor us: mean / 99 % are below"
    yield f"  decision {cost['decision_us']:.0f} / {cost['decision_p99_us']:.0f}"
    yield f"  event    {cost['event_us']:.1f} / {cost['event_p99_us']:.1f}"
    first, last = cost["memory_bytes"][0], cost["memory_bytes"][-1]
    yield (
        f"Memory of a team of 10 over {cost['memory_days']} days: {first} bytes after the first, {last} after"
        f" the last; peak of the second half over the first: {cost['memory_growth']}"
    )


def _occupancy(row: dict[str, Any], target: float) -> dict[str, str]:
    best, ratio = row["best_peer"], row["ratio_to_best_peer"]
    best_told = f"{row['peers'][best]['best']['occupancy']:.3f} {best}" if best else "none"
    mark = {
        key: f"{row[key]['occupancy']:.3f}{'!' if row[key]['abandonment_max'] > target else ''}"
        for key in ("progressive", "vicidial_delivered", "predictive", "oracle")
    }
    return {
        "agents": f"{row['agents']}" + (f" ({row['days']} days)" if row["days"] > 1 else ""),
        "answered": "/".join(f"{100 * rate:g}" for rate in row["answer_rates"]) + " %",
        "progressive": mark["progressive"],
        "VICIdial as delivered": mark["vicidial_delivered"],
        "best peer": best_told,
        "predictive": mark["predictive"],
        "abandoned": percent(row["predictive"]["abandonment"]),
        "oracle": mark["oracle"],
        "of oracle": f"{row['share_of_oracle']:.3f}",
        "wanted": "-" if row["wanted"] is None else f"{row['wanted']:.3f}",
        "to best peer": "-" if ratio is None else f"{ratio:.3f}",
    }


def _peers(row: dict[str, Any]) -> Iterator[dict[str, str]]:
    for name, peer in row["peers"].items():
        default, best = peer["default"], peer["best"]
        yield {
            "agents": str(row["agents"]),
            "peer": name,
            "default": f"{default['occupancy']:.3f} {percent(default['abandonment'])}",
            "best": f"{best['occupancy']:.3f} {percent(best['abandonment'])}",
            "": "" if peer["kept"] else "over",
            "setting for each answer rate": "; ".join(_setting(own) for own in peer["settings"]),
        }


def _abandonment(cell: dict[str, Any]) -> dict[str, str]:
    worst = cell["worst_30_min"]
    return {
        "family": cell["family"],
        "agents": f"{cell['agents']}" + (f" ({cell['days']} days)" if cell["days"] > 1 else ""),
        "occupancy": f"{cell['occupancy']:.3f}",
        "mean": percent(cell["mean"]),
        "max": percent(cell["max"]),
        "over": f"{cell['over']} of {cell['seeds']}",
        "worst 30 min": "-" if worst is None else percent(worst),
    }


def _setting(own: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in own.items()) or "default"


def percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _span(seeds: Sequence[int]) -> str:
    return str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]}-{seeds[-1]}"


def table(rows: Sequence[dict[str, str]]) -> Iterator[str]:
    if not rows:
        return
    cells = [list(rows[0]), *(list(row.values()) for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)]
    for row in cells:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
