"""Names that lead to nothing, and names that Asterisk or Perezvon keep for themselves."""

from __future__ import annotations

from collections.abc import Iterator

from config.lints.facts import Facts, Finding
from config.problems import did_you_mean
from config.tree import Path

ASTERISKS_OWN = {
    **dict.fromkeys("aehiost", "an extension with a meaning of its own"),
    "default": "a section with a meaning of its own",
    "general": "a section with a meaning of its own",
    "globals": "a section with a meaning of its own",
}
PAUSES_OF_OUR_OWN = ("signed_in", "no_answer", "preview", "phone_unreachable")


def dangling(facts: Facts) -> Iterator[Finding]:
    """E301, E302."""

    def named(kind: str, name: str, path: Path) -> Iterator[Finding]:
        if name not in facts.names[kind]:
            code = {"groups": "E301", "trunks": "E302"}[kind]
            hint = did_you_mean(name, facts.names[kind]) or f"write {kind}/{name}.yaml"
            yield Finding(code, path, f"there is no {kind[:-1]} `{name}`", hint)

    for name, campaign in facts.campaigns.items():
        yield from named("groups", campaign.group, ("campaigns", name, "group"))
        yield from named("trunks", campaign.trunk, ("campaigns", name, "trunk"))
    for name, line in facts.lines.items():
        yield from named("groups", line.group, ("lines", name, "group"))
        for i, trunk in enumerate(line.trunks):
            yield from named("trunks", trunk, ("lines", name, "trunks", i))
    for name, agent in facts.agents.items():
        for i, group in enumerate(agent.groups):
            yield from named("groups", group, ("agents", name, "groups", i))


def prompts(facts: Facts) -> Iterator[Finding]:
    """E303: a prompt that does not exist, or not in the language in which it would be played."""
    if facts.prompts is None or facts.system is None:
        return
    wanted: list[tuple[Path, str, str]] = [
        (("campaigns", name, "message"), campaign.message, campaign.language or facts.system.language)
        for name, campaign in facts.campaigns.items()
    ]
    wanted += [
        (("lines", name, "greeting"), line.greeting, line.language or facts.system.language)
        for name, line in facts.lines.items()
        if line.greeting
    ]
    known = set().union(*facts.prompts.values())
    for path, prompt, language in wanted:
        if prompt not in known:
            mend = did_you_mean(prompt, known) or "write its text, then: perezvon sounds build"
            yield Finding("E303", path, f"there is no prompt `{prompt}`", mend)
        elif prompt not in facts.prompts.get(language, ()):
            yield Finding(
                "E303",
                path,
                f"the prompt `{prompt}` does not exist in the language `{language}`",
                f"write its {language} text, then `perezvon sounds build`; or choose another language",
            )


def reserved(facts: Facts) -> Iterator[Finding]:
    """E407."""
    for kind in ("groups", "campaigns"):
        for name in getattr(facts, kind):
            if name in ASTERISKS_OWN:
                yield Finding(
                    "E407",
                    (kind, name),
                    f"`{name}` is {ASTERISKS_OWN[name]} in Asterisk",
                    "choose another name",
                )
    for name in facts.pause_reasons:
        if name in PAUSES_OF_OUR_OWN:
            yield Finding(
                "E407",
                ("pause_reasons", name),
                f"`{name}` is a reason that Perezvon gives itself",
                "choose another name",
            )


LINTS = (dangling, prompts, reserved)
