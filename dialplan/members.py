"""Agents who are signed in while their groups change: their queues follow, without a new sign-in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dialplan.console import Console
from dialplan.parser import parse_dialplan

_QUEUE = re.compile(r"(\S+) has \d+ calls")
_MEMBER = re.compile(r"\s+.*\(?PJSIP/agent-([\w-]+)\)?(.*)")
_PAUSED = re.compile(r"\(paused(?::(.*?) was )?")
_STEP = re.compile(r"perezvon-member,\$\{ARG1\},1\(([\w-]+),(\d+)\)")


@dataclass(frozen=True, slots=True)
class Member:
    """An agent in a queue, as Asterisk has it. `paused` is the reason, "" for none given."""

    penalty: int
    paused: str | None


def wanted_members(extensions: str) -> dict[str, dict[str, int]]:
    """Agent to queue to penalty, as the dialplan's own sign-in would do it."""
    found: dict[str, dict[str, int]] = {}
    for agent, steps in parse_dialplan(extensions).contexts.get("perezvon-queues", {}).items():
        places = [match for step in steps if (match := _STEP.match(step.args))]
        found[agent] = {place[1]: int(place[2]) for place in places}
    return found


def shown_members(text: str) -> dict[str, dict[str, Member]]:
    """`queue show` as agent to queue to member."""
    found: dict[str, dict[str, Member]] = {}
    queue = ""
    for line in text.splitlines():
        if head := _QUEUE.match(line):
            queue = head[1]
        elif "(dynamic)" in line and (member := _MEMBER.fullmatch(line)):
            penalty = re.search(r"with penalty (\d+)", member[2])
            paused = _PAUSED.search(member[2])
            found.setdefault(member[1], {})[queue] = Member(
                int(penalty[1]) if penalty else 0, (paused[1] or "") if paused else None
            )
    return found


def follow(console: Console, extensions: str) -> list[str]:
    """Bring members in line with the dialplan; returns what was done. Raises `ConsoleError`."""
    wanted = wanted_members(extensions)
    done = []
    for agent, there in sorted(shown_members(console.run("queue show")).items()):
        for command, text in _steps(agent, there, wanted.get(agent, {})):
            console.run(command)
            done.append(text)
    return [text for text in done if text]


def _steps(agent: str, there: dict[str, Member], wanted: dict[str, int]) -> Iterator[tuple[str, str]]:
    device = f"PJSIP/agent-{agent}"
    for queue in sorted(there.keys() - wanted.keys()):
        yield f"queue remove member {device} from {queue}", f"agent {agent} left queue {queue}"
    paused = next((member.paused for member in there.values() if member.paused is not None), None)
    for queue, penalty in sorted(wanted.items()):
        if queue not in there:
            yield (
                f"queue add member {device} to {queue} penalty {penalty} as {agent} state_interface {device}",
                f"agent {agent} joined queue {queue}",
            )
            if paused is not None:
                yield f"queue pause member {device} queue {queue} reason {paused or 'signed_in'}", ""
        elif there[queue].penalty != penalty:
            yield (
                f"queue set penalty {penalty} on {device} in {queue}",
                f"agent {agent} has penalty {penalty} in {queue}",
            )
