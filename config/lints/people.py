"""Groups, agents, inbound lines, and what agents dial."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import phonenumbers

from config.lints.facts import Facts, Finding
from config.models import Agent, AutoAnswer, DispositionClass, Group, Mode
from config.problems import did_you_mean
from config.tree import Path


def _is_member(agent: Agent, group: Group) -> bool:
    return group.skill is None or agent.skills.get(group.skill, 0) >= group.min_level


def group_members(facts: Facts) -> Iterator[Finding]:
    """E401, E402, W511."""
    served = {campaign.group for campaign in facts.campaigns.values()}
    served |= {line.group for line in facts.lines.values()}
    for name, group in facts.groups.items():
        inside = [agent for agent in facts.agents.values() if name in agent.groups]
        if facts.complete("agents") and not any(_is_member(agent, group) for agent in inside):
            yield Finding(
                "E401",
                ("groups", name),
                f"the group `{name}` has no members",
                f"name it in `groups` of an agent{_with_skill(group)}",
            )
        if facts.complete("campaigns") and facts.complete("lines") and name not in served:
            yield Finding(
                "W511",
                ("groups", name),
                f"the group `{name}` serves no campaign and no line",
                "is it needed?",
            )
    for name, agent in facts.agents.items():
        for i, wanted in enumerate(agent.groups):
            group_ = facts.groups.get(wanted)
            if group_ and not _is_member(agent, group_):
                yield Finding(
                    "E402",
                    ("agents", name, "groups", i),
                    f"the agent has too little of the skill `{group_.skill}` for the group `{wanted}`",
                    f"write `skills: {{{group_.skill}: {group_.min_level}}}` or more, or leave the group out",
                )


def _with_skill(group: Group) -> str:
    return f" with the skill `{group.skill}` of {group.min_level} or more" if group.skill else ""


def skills(facts: Facts) -> Iterator[Finding]:
    """W512: most often a misspelt skill."""
    if not facts.complete("groups"):
        return
    known = {group.skill for group in facts.groups.values() if group.skill}
    for name, agent in facts.agents.items():
        for skill in agent.skills:
            if skill not in known:
                yield Finding(
                    "W512",
                    ("agents", name, "skills", skill),
                    f"no group asks for the skill `{skill}`",
                    did_you_mean(skill, known),
                    of_key=True,
                )


def _twice(values: Iterable[tuple[str, Path]]) -> Iterator[tuple[str, Path, Path]]:
    """Values that stand twice: the value, where again, where first."""
    first: dict[str, Path] = {}
    for value, path in values:
        if value in first:
            yield value, path, first[value]
        else:
            first[value] = path


def duplicates(facts: Facts) -> Iterator[Finding]:
    """E403, E404, E405."""
    extensions = [(agent.extension, ("agents", name, "extension")) for name, agent in facts.agents.items()]
    for value, path, first in _twice(extensions):
        yield Finding(
            "E403", path, f'the agent `{first[1]}` has the extension "{value}" too', "give each their own"
        )
    numbers = [
        (number, ("lines", name, "numbers", i))
        for name, line in facts.lines.items()
        for i, number in enumerate(line.numbers)
    ]
    for value, path, first in _twice(numbers):
        yield Finding(
            "E404", path, f'the line `{first[1]}` has the number "{value}" too', "a number is one line's"
        )
    for feature, codes in _coded(facts).items():
        kind = "reason" if feature == "not_ready" else feature
        for value, path, first in _twice(codes):
            yield Finding(
                "E405", path, f'the {kind} `{first[1]}` has the code "{value}" too', "give each its own"
            )


def _coded(facts: Facts) -> dict[str, list[tuple[str, Path]]]:
    """By feature code that more digits follow: those digits, and where they stand."""
    reasons, said = facts.pause_reasons.items(), facts.dispositions.items()
    return {
        "not_ready": [(reason.code, ("pause_reasons", name, "code")) for name, reason in reasons],
        "disposition": [(what.code, ("dispositions", name, "code")) for name, what in said if what.code],
    }


def dialed(facts: Facts) -> Iterator[Finding]:
    """E406: nothing that agents dial may begin with something else, or a phone cannot tell when to stop."""
    if facts.system is None:
        return
    said: list[tuple[str, str, Path]] = []
    coded = _coded(facts)
    for feature, code in facts.system.feature_codes.model_dump().items():
        if follow := coded.get(feature):
            said += [(code + digits, f"{feature} with {path[1]}", path) for digits, path in follow]
        else:
            said.append((code, feature, ("system", "feature_codes", feature)))
    for i, (text, name, path) in enumerate(said):
        for other, other_name, other_path in said[:i]:
            same_code = text == other and path[0] == other_path[0] != "system"  # E405
            if (text.startswith(other) or other.startswith(text)) and not same_code:
                yield Finding(
                    "E406",
                    path,
                    f"`{text}` ({name}) and `{other}` ({other_name}) cannot be told apart while dialing",
                    "choose codes of which none begins with another",
                )


def refusals(facts: Facts) -> Iterator[Finding]:
    """E408."""
    for name, what in facts.dispositions.items():
        if what.do_not_call and what.means is not DispositionClass.REFUSAL:
            yield Finding(
                "E408",
                ("dispositions", name, "do_not_call"),
                f"nobody calls a number of the do-not-call list again, whatever `means: {what.means}` says",
                "write `means: refusal`, or leave do_not_call out",
            )


def inbound(facts: Facts) -> Iterator[Finding]:
    """W529."""
    for name, line in facts.lines.items():
        for i, number in enumerate(line.numbers):
            if not _is_valid(number):
                yield Finding(
                    "W529",
                    ("lines", name, "numbers", i),
                    f"{number} is not a number that any country has given out",
                    "look for a missing or a swapped digit",
                )


def _is_valid(number: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False


def auto_answer(facts: Facts) -> Iterator[Finding]:
    """W513: who answers by hand is rarely in time for a person who is already on the line."""
    dialing = {
        c.group: name for name, c in facts.campaigns.items() if c.mode not in (Mode.PREVIEW, Mode.ROBOT)
    }
    for name, agent in facts.agents.items():
        for group in agent.groups:
            if agent.auto_answer is AutoAnswer.NONE and group in dialing:
                yield Finding(
                    "W513",
                    ("agents", name, "auto_answer"),
                    f"the agent answers by hand, but `{dialing[group]}` must find an agent in seconds",
                    "choose call-info or alert-info, whichever the phone obeys",
                )
                break


LINTS = (group_members, skills, duplicates, dialed, refusals, inbound, auto_answer)
