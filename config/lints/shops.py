"""Shops whose orders nobody would call about, or whose rules cannot mean what they say."""

from __future__ import annotations

from collections.abc import Iterator

from config.hours import minutes
from config.lints.facts import Facts, Finding
from config.models import Mode

SCRIPTS = {"robot": "orders", "delivery": "delivery"}


def callers(facts: Facts) -> Iterator[Finding]:
    """E481: a rule's decision that no campaign carries out; E482: a campaign that cannot."""
    for name, shop in facts.shops.items():
        decided = {rule.then for rule in shop.rules}
        if not any(not rule.model_fields_set - {"then"} for rule in shop.rules):
            decided.add("agents")  # no rule fits: agents
        for then in sorted(decided & {"robot", "agents"}):
            if getattr(shop, then) is None:
                told = "orders that no rule decides go to agents" if then == "agents" else "a rule says robot"
                yield Finding(
                    "E481",
                    ("shops", name),
                    f"{told}, and `{then}` names no campaign",
                    f"write {then}: with a campaign's name, or end the rules with one that fits all",
                )
        for key in ("robot", "agents", "delivery"):
            campaign = facts.campaigns.get(getattr(shop, key) or "")
            if campaign is None:
                continue
            script = SCRIPTS.get(key)
            if script is None and campaign.mode is Mode.ROBOT:
                told, mend = "its mode is robot, so no agent calls", "name a campaign of another mode"
            elif script is not None and (campaign.mode, campaign.script) != (Mode.ROBOT, script):
                told, mend = f"it is no robot with script {script}", f"write mode: robot, script: {script}"
            else:
                continue
            yield Finding("E482", ("shops", name, key), f"campaign `{getattr(shop, key)}`: {told}", mend)


def tokens(facts: Facts) -> Iterator[Finding]:
    """E483: a token that says two shops, or can be guessed."""
    seen: dict[str, str] = {}
    for name, shop in facts.shops.items():
        token = shop.token.get_secret_value()
        other = seen.setdefault(token, name)
        if other != name:
            told, mend = f"it is that of shop {other} too", "give each shop a token of its own"
        elif len(token) < 16:
            told = "it is shorter than 16 characters, so it can be guessed"
            mend = "remove its file: `perezvon check --create-secrets` makes a good one"
        else:
            continue
        yield Finding("E483", ("shops", name, "token"), told, mend)


def rules(facts: Facts) -> Iterator[Finding]:
    """W561: a rule that is never reached, or never fits."""
    for name, shop in facts.shops.items():
        decided = False
        for row, rule in enumerate(shop.rules):
            told = ""
            at = ("shops", name, "rules", row)
            if decided:
                told = "it is never reached: the rules before it fit every order"
            elif rule.from_sum is not None and rule.below_sum is not None and rule.from_sum >= rule.below_sum:
                told = "no sum is both at least from_sum and less than below_sum"
            if told:
                yield Finding("W561", at, told, "remove it, or mend its conditions")
            decided = decided or not rule.model_fields_set - {"then"}


def windows(facts: Facts) -> Iterator[Finding]:
    """E413 for windows of delivery."""
    for name, shop in facts.shops.items():
        for i, window in enumerate(shop.windows):
            start, end = minutes(window)
            if end <= start:
                told = f"the window {window} ends before it begins"
                yield Finding("E413", ("shops", name, "windows", i), told, "write it from-to: 10:00-14:00")


LINTS = (callers, tokens, rules, windows)
