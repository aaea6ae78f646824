"""Names that lead to nothing, and names that Asterisk or Perezvon keep for themselves."""

from __future__ import annotations

from collections.abc import Iterator

from config.files import SCRIPTS
from config.forms import Language
from config.lints.facts import Facts, Finding
from config.lints.menus import actions, languages, reached
from config.models import MISSED_MACHINE, OUR_SCRIPTS, ActionKind
from config.problems import did_you_mean
from config.tree import Path

ASTERISKS_OWN = {
    **dict.fromkeys("aehiost", "an extension with a meaning of its own"),
    "default": "a section with a meaning of its own",
    "general": "a section with a meaning of its own",
    "globals": "a section with a meaning of its own",
}
NAMING = frozenset(
    {
        *(ActionKind.GROUP, ActionKind.MENU, ActionKind.LINE, ActionKind.LOOKUP, ActionKind.SHOP),
        ActionKind.SCRIPT,
    }
)
"""Actions of menus that name an object of the site."""

PAUSES_OF_OUR_OWN = ("signed_in", "no_answer", "preview", "phone_unreachable")


def dangling(facts: Facts) -> Iterator[Finding]:
    """E301, E302, E304, E305."""
    for path, kind, name in _references(facts):
        if name is not None and name not in facts.names[kind]:
            code = {"groups": "E301", "trunks": "E302", SCRIPTS: "E305"}.get(kind, "E304")
            ours = OUR_SCRIPTS if path[0] == "campaigns" and kind == SCRIPTS else ()
            hint = (
                did_you_mean(name, [*facts.names[kind], *ours])
                or f"write {kind}/{name}.{'py' if kind == SCRIPTS else 'yaml'}"
            )
            yield Finding(code, path, f"there is no {kind[:-1]} `{name}`", hint)


def _references(facts: Facts) -> Iterator[tuple[Path, str, str | None]]:
    """Every name that an object gives to another: its place, the other's kind, the name."""
    for name, campaign in facts.campaigns.items():
        at: Path = ("campaigns", name)
        yield (*at, "group"), "groups", campaign.group
        yield (*at, "trunk"), "trunks", campaign.trunk
        yield (*at, "survey"), "surveys", campaign.survey
        if campaign.script not in OUR_SCRIPTS:
            yield (*at, "script"), "scripts", campaign.script
    for name, line in facts.lines.items():
        at = ("lines", name)
        yield (*at, "group"), "groups", line.group
        yield from (((*at, "trunks", i), "trunks", trunk) for i, trunk in enumerate(line.trunks))
        for key in ("schedule", "menu", "shop", "survey", "script"):
            yield (*at, key), f"{key}s", getattr(line, key)
        yield (*at, "callback"), "campaigns", line.callback
    for name, agent in facts.agents.items():
        yield from ((("agents", name, "groups", i), "groups", group) for i, group in enumerate(agent.groups))
    for name, group in facts.groups.items():
        at = ("groups", name)
        yield (*at, "callback"), "campaigns", group.callback
        yield (*at, "survey"), "surveys", group.survey
        if group.surge is not None:
            yield (*at, "surge", "group"), "groups", group.surge.group
    for name, menu in facts.menus.items():
        for place, to in actions(menu):
            if to.kind in NAMING:
                yield ("menus", name, *place), f"{to.kind}s", to.name
    for name, shop in facts.shops.items():
        for key in ("robot", "agents", "delivery"):
            yield ("shops", name, key), "campaigns", getattr(shop, key)


def prompts(facts: Facts) -> Iterator[Finding]:
    """E303: a prompt that does not exist, or not in the language in which it would be played."""
    if facts.prompts is None or facts.system is None:
        return
    known = set().union(*facts.prompts.values())
    for path, prompt, language in _played(facts, facts.system.language):
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


def _played(facts: Facts, default: Language) -> Iterator[tuple[Path, str, Language]]:
    """Every prompt that an object names: its place, its name, a language in which it is played."""
    for name, campaign in facts.campaigns.items():
        yield ("campaigns", name, "message"), campaign.message, campaign.language or default
        for key in ("intro", "greeting", "voicemail"):
            if (prompt := getattr(campaign, key)) is not None:
                yield ("campaigns", name, key), prompt, campaign.language or default
    callers: dict[str, set[Language]] = {name: set() for name in facts.groups}
    for name, line in facts.lines.items():
        language = line.language or default
        callers.get(line.group, set()).add(language)
        if line.greeting is not None:
            yield ("lines", name, "greeting"), line.greeting, language
        if line.schedule is not None:
            yield ("lines", name, "closed"), line.closed, language
    for name, how in reached(facts.lines, facts.menus).items():
        for language in languages(facts, how.lines):
            yield from _in_menu(facts, name, language)
    for name, group in facts.groups.items():
        for language in sorted(callers[name] or {default}):
            for i, prompt in enumerate(group.messages):
                yield ("groups", name, "messages", i), prompt, language
    for name in facts.surveys:
        for language in sorted(_of_survey(facts, name, default)):
            yield from _in_survey(facts, name, language)


def _of_survey(facts: Facts, name: str, default: Language) -> set[Language]:
    """The languages in which a survey is heard; the system's where nothing names it."""
    found = {one.language or default for one in facts.campaigns.values() if one.survey == name}
    for line in facts.lines.values():
        group = facts.groups.get(line.group)
        if (line.survey or (group and group.survey)) == name:
            found.add(line.language or default)
    return found or {default}


def _in_survey(facts: Facts, name: str, language: Language) -> Iterator[tuple[Path, str, Language]]:
    survey = facts.surveys[name]
    yield ("surveys", name, "intro"), survey.intro, language
    yield ("surveys", name, "thanks"), survey.thanks, language
    for key, question in survey.questions.items():
        yield ("surveys", name, "questions", key, "prompt"), question.prompt, language
    if survey.comment is not None:
        yield ("surveys", name, "comment", "prompt"), survey.comment.prompt, language


def _in_menu(facts: Facts, name: str, language: Language) -> Iterator[tuple[Path, str, Language]]:
    menu = facts.menus[name]
    yield ("menus", name, "prompt"), menu.prompt, language
    yield ("menus", name, "wrong"), menu.wrong, language
    for place, to in actions(menu):
        if to.kind is ActionKind.MESSAGE:
            yield ("menus", name, *place), to.name, language
        elif to.kind is ActionKind.LOOKUP and to.name in facts.lookups:
            yield ("lookups", to.name, "fallback"), facts.lookups[to.name].fallback, language


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
    if MISSED_MACHINE in facts.dispositions:
        yield Finding(
            "E407",
            ("dispositions", MISSED_MACHINE),
            f"`{MISSED_MACHINE}` is what agents say by the feature code `machine`",
            "choose another name",
        )


LINTS = (dangling, prompts, reserved)
