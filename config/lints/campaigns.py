"""Campaigns: what the law and the called person's patience ask for, and limits that fit together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import phonenumbers
from phonenumbers import PhoneNumberType

from config.forms import written
from config.hours import minutes
from config.laws import LawName
from config.lints.facts import Facts, Finding
from config.models import Campaign, Limits, Mode, Trunk
from config.tree import Path

LONG_RING = 60.0
LAWFUL_GRACE = 2.0
CALLS_A_DAY = 3
"""More calls to one person in a day count as harassment in several countries."""


def patience(facts: Facts) -> Iterator[Finding]:
    """E411, E412, W521, W532."""
    for name, campaign in facts.campaigns.items():
        least = campaign.rules.ring
        if campaign.ring_time < least:
            yield Finding(
                "E411",
                ("campaigns", name, "ring_time"),
                f"ring_time is {written(campaign.ring_time)}; a call must ring at least {written(least)}",
                f"write {written(least)} or more; 25s to 30s is usual",
            )
        if campaign.ring_time > LONG_RING:
            yield Finding(
                "W532",
                ("campaigns", name, "ring_time"),
                f"ring_time is {written(campaign.ring_time)}; who has not answered after a minute does not",
                "25s to 30s is usual",
            )
        if campaign.grace < 1 or campaign.grace % 1:
            yield Finding(
                "E412",
                ("campaigns", name, "grace"),
                f"grace is {written(campaign.grace)}; Asterisk's queue counts whole seconds, one at least",
                "write 2s",
            )
        elif campaign.grace > LAWFUL_GRACE and not campaign.rules.binding:
            yield Finding(
                "W521",
                ("campaigns", name, "grace"),
                f"grace is {written(campaign.grace)}; the law of several countries allows 2s of silence",
                "write 2s",
            )


def laws(facts: Facts) -> Iterator[Finding]:
    """E441, E442, E443, W541, W542."""
    for name, campaign in facts.campaigns.items():
        at: Path = ("campaigns", name)
        law, whose = campaign.rules, f"the law `{campaign.law}`"
        if law.binding and law.connect is not None and campaign.grace > law.connect:
            yield Finding(
                "E441",
                (*at, "grace"),
                f"grace is {written(campaign.grace)}; {whose} allows {written(law.connect)} of silence",
                f"write {written(law.connect)}, or the law that you are under",
            )
        retry = campaign.attempts.retry.get("abandoned")
        chosen = "retry" in campaign.attempts.model_fields_set
        if retry and chosen and retry.after < law.lockout and campaign.mode is not Mode.PREVIEW:
            yield Finding(
                "E442",
                (*at, "attempts", "retry", "abandoned", "after"),
                f"abandoned people would be called again after {written(retry.after)};"
                f" under {whose} nobody calls them for {written(law.lockout)}",
                f"write {written(law.lockout)} or more, or call them in mode preview",
            )
        if campaign.target is not None and campaign.target > law.limit:
            yield Finding(
                "E443",
                (*at, "target"),
                f"target is {campaign.target:g}, but {whose} allows {law.limit:g}",
                f"write {law.limit:g} or less, for example {law.limit / 2:g}",
            )
        if campaign.law is LawName.RU and campaign.mode in (Mode.PREDICTIVE, Mode.RATIO, Mode.ROBOT):
            yield Finding(
                "W541",
                (*at, "law"),
                f"38-FZ art. 18 p. 2 forbids advertising by dialing without a human, such as"
                f" mode {campaign.mode.value}",
                "only for calls that are no advertising; in mode preview an agent is on the line first",
            )
        if campaign.screened and law.counts_from == "answer" and campaign.mode is not Mode.ROBOT:
            yield Finding(
                "W542",
                (*at, "screening"),
                f"{whose} counts its seconds from the answer, and the screen uses some of them up:"
                " of some persons it is not sure in time",
                "watch the rate (perezvon ledger show); screening: off where it comes near the limit",
            )


def whole_seconds(facts: Facts) -> Iterator[Finding]:
    """E419: Asterisk counts these in whole seconds, and most of them must not be zero."""
    checked: list[tuple[Path, float, bool]] = []
    for name, group in facts.groups.items():
        at: Path = ("groups", name)
        checked += [((*at, "ring_time"), group.ring_time, True), ((*at, "wrap_up"), group.wrap_up, False)]
        checked.append(((*at, "max_wait"), group.max_wait, True))
    for name, campaign in facts.campaigns.items():
        at = ("campaigns", name)
        checked.append(((*at, "max_talk"), campaign.max_talk, True))
        for outcome, retry in campaign.attempts.retry.items():
            checked.append(((*at, "attempts", "retry", outcome, "after"), retry.after, True))
    for path, seconds, positive in checked:
        if seconds % 1 or (positive and not seconds):
            least = "one at least" if positive else "or 0s"
            yield Finding(
                "E419",
                path,
                f"{path[-1]} is {written(seconds)}; it must be whole seconds, {least}",
                "write 15s",
            )


def lists(facts: Facts) -> Iterator[Finding]:
    """E417: two campaigns would call the same person for two reasons, and count their attempts as one's."""
    first: dict[str, str] = {}
    for name, campaign in facts.campaigns.items():
        if campaign.list in first:
            yield Finding(
                "E417",
                ("campaigns", name, "list"),
                f"the campaign `{first[campaign.list]}` calls the list `{campaign.list}` too",
                "give each campaign a list of its own",
            )
        first.setdefault(campaign.list, name)


def caller_id(facts: Facts) -> Iterator[Finding]:
    """E418, W528."""
    ours = {number for line in facts.lines.values() for number in line.numbers}
    for name, campaign in facts.campaigns.items():
        path: Path = ("campaigns", name, "caller_id")
        if why := _not_to_be_shown(campaign.caller_id):
            yield Finding(
                "E418", path, f"{campaign.caller_id} {why}", "show a number of yours that people can call"
            )
        elif facts.complete("lines") and campaign.caller_id not in ours:
            yield Finding(
                "W528",
                path,
                f"{campaign.caller_id} is none of our lines: who calls back does not reach us",
                "show a number of a line",
            )


def _not_to_be_shown(number: str) -> str:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return "has the code of no country"
    for region in phonenumbers.region_codes_for_country_code(parsed.country_code or 0):
        if phonenumbers.is_emergency_number(str(parsed.national_number), region):
            return "is an emergency number"
    if not phonenumbers.is_valid_number(parsed):
        return "is not a number that its country has given out"
    if phonenumbers.number_type(parsed) == PhoneNumberType.PREMIUM_RATE:
        return "is a premium-rate number"
    return ""


def limits(facts: Facts) -> Iterator[Finding]:
    """W523, W524."""
    promised: dict[str, int] = defaultdict(int)
    for name, campaign in facts.campaigns.items():
        promised[campaign.trunk] += campaign.lines
        above: list[tuple[str, Trunk | Limits | None]] = [
            ("the trunk's", facts.trunks.get(campaign.trunk)),
            ("the system's", facts.system.limits if facts.system else None),
        ]
        for key in ("lines", "calls_per_second"):
            for whose, limit in above:
                if limit is not None and getattr(campaign, key) > getattr(limit, key):
                    yield Finding(
                        "W524",
                        ("campaigns", name, key),
                        f"{key} is {getattr(campaign, key):g}, but {whose} is {getattr(limit, key):g}:"
                        " it will never be reached",
                        "lower one, or raise the other",
                    )
                    break
    for name, trunk in facts.trunks.items():
        if promised[name] > trunk.lines:
            yield Finding(
                "W523",
                ("trunks", name, "lines"),
                f"campaigns may use {promised[name]} lines of this trunk, which has {trunk.lines}",
                "fine if they do not run together; else lower their lines",
            )


def retries(facts: Facts) -> Iterator[Finding]:
    """W525, W526, W533."""
    callbacks = [name for name, d in facts.dispositions.items() if d.means in ("callback", "no_contact")]
    for name, campaign in facts.campaigns.items():
        attempts = campaign.attempts
        at: Path = ("campaigns", name, "attempts")
        most = calls_a_day(campaign)
        if most > CALLS_A_DAY:
            yield Finding(
                "W525",
                at,
                f"one person could be called {most} times in a day",
                f"more than {CALLS_A_DAY} is harassment in several countries: lower max, or wait longer",
                of_key=True,
            )
        for outcome, retry in attempts.retry.items():
            if "retry" in attempts.model_fields_set and retry.times > attempts.max:
                yield Finding(
                    "W526",
                    (*at, "retry", outcome, "times"),
                    f"{retry.times} times after {outcome}, but {attempts.max} attempts in all",
                    "lower times, or raise max",
                )
        if callbacks and "no_answer" not in attempts.retry:
            yield Finding(
                "W533",
                (*at, "retry"),
                f"after the disposition `{callbacks[0]}` a lead is called again by the rule for no_answer,"
                " and there is none",
                "write one: no_answer: {after: 2h, times: 2}",
                of_key=True,
            )


def calls_a_day(campaign: Campaign) -> int:
    """How many calls one lead could get in one day at worst: the shortest waits first."""
    spans = [minutes(window) for windows in campaign.hours.values() for window in windows]
    if not spans:
        return 0
    left = 60 * (max(end for _, end in spans) - min(start for start, _ in spans))
    waits = sorted(
        max(retry.after, 1) for retry in campaign.attempts.retry.values() for _ in range(retry.times)
    )
    calls = 1
    for wait in waits:
        left -= int(wait)
        if left < 0:
            break
        calls += 1
    return min(calls, campaign.attempts.max)


def unused(facts: Facts) -> Iterator[Finding]:
    """W527: keys that the mode does not look at."""
    for name, campaign in facts.campaigns.items():
        idle = {"ratio"} if campaign.mode is not Mode.RATIO else set()
        if campaign.mode is not Mode.PREDICTIVE:
            idle |= {"target"}
        if campaign.mode in (Mode.PREVIEW, Mode.ROBOT):
            idle |= {"grace"}
        if campaign.mode is not Mode.ROBOT:
            idle |= {"script", "intro"}
        if campaign.mode is Mode.PREVIEW:
            idle |= {"screening"}
        if campaign.mode is Mode.ROBOT and campaign.screened:
            idle |= {"screening_check"}  # no agent has its calls
        if not campaign.screened:
            for key in sorted({"greeting", "voicemail", "screening_check"} & campaign.model_fields_set):
                yield Finding(
                    "W527",
                    ("campaigns", name, key),
                    f"its calls are not screened, so {key} does nothing",
                    "remove it, or write screening: on",
                    of_key=True,
                )
        for key in sorted(idle & campaign.model_fields_set):
            yield Finding(
                "W527",
                ("campaigns", name, key),
                f"the mode `{campaign.mode.value}` does not look at {key}",
                "remove it, or change the mode",
                of_key=True,
            )


def robots(facts: Facts) -> Iterator[Finding]:
    """E444: a robot that has nothing to say."""
    for name, campaign in facts.campaigns.items():
        if campaign.mode is not Mode.ROBOT:
            continue
        if campaign.script is None:
            yield Finding(
                "E444",
                ("campaigns", name),
                "mode is robot, and no script says what it tells people",
                "write script: orders, delivery, survey, or the name of a script of your own",
            )
        elif campaign.script == "survey" and campaign.survey is None:
            yield Finding(
                "E444",
                ("campaigns", name, "script"),
                "the script is survey, and no survey is named",
                "write survey: with the name of one of your surveys",
            )


LINTS = (patience, laws, whole_seconds, lists, caller_id, limits, retries, unused, robots)
