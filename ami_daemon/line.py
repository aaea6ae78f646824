"""Who waits for each group, first served first: callers in queues, and who hung up and kept a place. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from ami_daemon import events as ami


@dataclass(frozen=True, slots=True)
class Waiter:
    """In line since their first join: a caller's channel, or (`task`) a call-back that keeps a place."""

    since: float
    channel: str | None = None
    task: int | None = None


@dataclass(frozen=True, slots=True)
class Free:
    """An agent who is free at a time, and the groups they serve with their penalty in each."""

    agent: str
    at: float
    groups: Mapping[str, int]


class Lines:
    """The queues' callers as Asterisk orders them, with the first time that each joined any queue.

    Called people (`ours` begins their channels' ids) are not in it: callers stand before them.
    """

    def __init__(self, groups: Iterable[str], ours: str) -> None:
        self.queues: dict[str, list[str]] = {group: [] for group in groups}
        self.first: dict[str, float] = {}
        """When a caller first joined a queue: what their place goes by, whatever queue they are in later."""
        self._ours = ours

    def joined(self, event: ami.QueueCallerJoin) -> None:
        if event.queue not in self.queues or event.uniqueid.startswith(self._ours):
            return
        self.left(event.uniqueid)
        self.first.setdefault(event.uniqueid, event.at)
        # Callers stand before called people, so that the places of callers are those among themselves.
        queue = self.queues[event.queue]
        queue.insert(min(max(event.position - 1, 0), len(queue)), event.uniqueid)

    def left(self, channel: str) -> None:
        """The caller is in no queue now, but may come back."""
        for waiting in self.queues.values():
            if channel in waiting:
                waiting.remove(channel)

    def gone(self, channel: str) -> None:
        """The caller hung up, or an agent has them."""
        self.left(channel)
        self.first.pop(channel, None)

    def restore(self, waiting: Mapping[str, tuple[str, float]], alive: Collection[str]) -> None:
        """As a snapshot has it: channels, in order, to queue and join time; `alive` are all channels."""
        self.first = {channel: since for channel, since in self.first.items() if channel in alive}
        for line in self.queues.values():
            line.clear()
        for channel, (queue, since) in waiting.items():
            if queue in self.queues and not channel.startswith(self._ours):
                self.first.setdefault(channel, since)
                self.queues[queue].append(channel)

    def place(self, channel: str, group: str) -> int:
        """Where the caller stands among the group's callers, or would stand on coming back; from 1."""
        if channel in self.queues[group]:
            return self.queues[group].index(channel) + 1
        back = Waiter(self.first.get(channel, inf))
        return self.line(group, [back]).index(back) + 1

    def group_of(self, channel: str) -> str | None:
        return next((group for group, waiting in self.queues.items() if channel in waiting), None)

    def line(self, group: str, tasks: Sequence[Waiter] = ()) -> list[Waiter]:
        """Callers of the group and those who keep a place, first served first."""
        line = [Waiter(self.first[channel], channel) for channel in self.queues[group]]
        for task in sorted(tasks, key=lambda one: one.since):
            # After the last who came before; who came later and stands ahead has a higher priority.
            ahead = [n for n, one in enumerate(line) if one.since <= task.since]
            line.insert(ahead[-1] + 1 if ahead else 0, task)
        return line


def turns(lines: Mapping[str, Sequence[Waiter]], agents: Iterable[Free]) -> dict[str, Waiter]:
    """Agents whose next call is somebody who keeps a place, and whom.

    The agents take who is next in the order in which they are free. Callers are left to the queue.
    """
    left = {group: list(line) for group, line in lines.items()}
    found: dict[str, Waiter] = {}
    for agent in sorted(agents, key=lambda one: (one.at, min(one.groups.values(), default=0), one.agent)):
        heads = [(left[group][0].since, group) for group in agent.groups if left.get(group)]
        if not heads:
            continue
        waiter = left[min(heads)[1]].pop(0)
        if waiter.task is not None:
            found[agent.agent] = waiter
    return found
