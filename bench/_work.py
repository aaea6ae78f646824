"""Much work on several processes, with progress on stderr."""

import multiprocessing
import sys
from collections.abc import Iterable
from typing import Any, Protocol, TypeVar


class Task(Protocol):
    """What can be compared, sent to another process, and done there."""

    @property
    def cost(self) -> float:
        """How long it takes, in any unit: the longest are begun first."""
        ...

    def do(self) -> Any: ...


T = TypeVar("T", bound=Task)


def do_all(what: str, tasks: Iterable[T], processes: int) -> dict[T, Any]:
    """Each different task's result; `what` is told beside the progress."""
    ordered = sorted(dict.fromkeys(tasks), key=lambda task: -task.cost)
    progress = _Progress(what, len(ordered), sum(task.cost for task in ordered))
    results: dict[T, Any] = {}
    if processes == 1:
        for task in ordered:
            results[task] = task.do()
            progress.done(task.cost)
        return results
    with multiprocessing.Pool(processes) as pool:
        for index, result in pool.imap_unordered(_do, enumerate(ordered)):
            results[ordered[index]] = result
            progress.done(ordered[index].cost)
    return results


def _do(numbered: tuple[int, Task]) -> tuple[int, Any]:
    index, task = numbered
    return index, task.do()


class _Progress:
    """On a terminal one line that changes, elsewhere a line for each tenth."""

    def __init__(self, what: str, count: int, cost: float) -> None:
        self._what, self._count, self._cost = what, count, cost
        self._did, self._spent, self._told = 0, 0.0, 0
        self._live = sys.stderr.isatty()

    def done(self, cost: float) -> None:
        self._did += 1
        self._spent += cost
        percent = int(100 * self._spent / self._cost) if self._cost else 100
        last = self._did == self._count
        if self._live or last or percent >= self._told + 10:
            self._told = percent
            end = "\r" if self._live and not last else "\n"
            print(
                f"{self._what}: {self._did} of {self._count}, {percent} %",
                file=sys.stderr,
                end=end,
                flush=True,
            )
