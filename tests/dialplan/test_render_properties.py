"""For any site the models accept: the files hold exactly its objects, or it is refused in words."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from config.models import Site
from dialplan.filters import RenderError
from dialplan.parser import parse_dialplan, parse_sections
from dialplan.render import account, dialed_by_agents, inbound, queues_of, render, revision
from dialplan.verify import verify
from tests.dialplan.sites import sites

SOUNDS = "/usr/share/sounds"
PARTS = """
abandoned agent agents answered auto-answer group leave line member nowhere own own-done
preview preview-answered queues record rev robot tell
"""
OURS = {f"perezvon-{part}" for part in PARTS.split()}
SCREENING = {f"perezvon-{name}" for name in ("screen", "machine", "nobody", "early")}
relaxed = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def rendered(site: Site) -> dict[str, str]:
    try:
        return render(site, sounds_dir=SOUNDS)
    except RenderError:
        assume(False)
        raise


@relaxed
@given(site=sites())
def test_parse_of_render_has_exactly_the_objects_of_the_site(site: Site) -> None:
    files = rendered(site)
    plan = parse_dialplan(files["extensions.conf"])
    assert plan.findings == []
    screened = {name for name, campaign in site.campaigns.items() if campaign.screened}
    ours = OURS | SCREENING if screened else OURS
    assert set(plan.contexts) == ours | {f"perezvon-in-{trunk}" for trunk in site.trunks}
    if screened:
        assert set(plan.contexts["perezvon-machine"]) == {*screened, "s", "T"}
    for trunk in site.trunks:
        known = account(site, trunk)
        assert set(plan.contexts[f"perezvon-in-{trunk}"]) == {*inbound(site, trunk)} | (
            {known} if known else set()
        )
    assert set(plan.contexts["perezvon-line"]) == {*site.lines, "T"}
    assert set(plan.contexts["perezvon-group"]) == {*site.groups, "T"}
    for context in ("answered", "abandoned", "preview", "preview-answered"):
        assert set(plan.contexts[f"perezvon-{context}"]) == {*site.campaigns, "T"}
    assert set(plan.contexts["perezvon-agents"]) == {*dialed_by_agents(site), "_*.", "T"}
    assert set(plan.contexts["perezvon-queues"]) == set(site.agents)
    assert str(plan.contexts["perezvon-rev"]["rev"][0]) != "NoOp(none)"

    queues = [section.name for section in parse_sections(files["queues.conf"], "").sections]
    assert queues == ["general", *sorted(site.groups)]
    found = [(s.name, s.get("type")) for s in parse_sections(files["pjsip.conf"], "").sections]
    wanted = [("global", "global"), ("transport-udp", "transport")]
    for agent in site.agents:
        wanted += [(f"agent-{agent}", kind) for kind in ("endpoint", "auth", "aor")]
    for trunk, carrier in site.trunks.items():
        wanted += [(f"trunk-{trunk}", kind) for kind in ("aor", "identify")]
        wanted.append((site.trunk_endpoint(trunk), "endpoint"))
        if carrier.username is not None and carrier.password is not None:
            wanted.append((f"trunk-{trunk}", "auth"))
        if carrier.username is not None and carrier.register_with_carrier:
            wanted.append((f"trunk-{trunk}", "registration"))
    assert sorted(map(str, found)) == sorted(map(str, wanted))


@relaxed
@given(site=sites())
def test_texts_and_secrets_stand_in_their_own_argument_and_nowhere_else(site: Site) -> None:
    files = rendered(site)
    sections = parse_sections(files["pjsip.conf"], "")
    assert sections.findings == []
    by_kind = {(s.name, s.get("type")): s for s in sections.sections}
    for name, agent in site.agents.items():
        endpoint = by_kind[f"agent-{name}", "endpoint"]
        assert len(endpoint.all("callerid")) == 1
        shown, number = (endpoint.get("callerid") or "").rsplit(" ", 1)
        assert number == f"<{agent.extension}>"
        assert shown[0] == shown[-1] == '"'
        assert (
            shown[1:-1].replace('\\"', '"').replace("\\\\", "\\")
            == agent.name.encode()[:79].decode(errors="ignore").strip()
        )
        assert by_kind[f"agent-{name}", "auth"].get("password") == agent.password.get_secret_value()
    marker = Site.model_validate(site).model_copy(
        update={
            "agents": {k: v.model_copy(update={"name": "NAME"}) for k, v in site.agents.items()},
        }
    )
    again = rendered(marker)
    for file, text in files.items():
        if file not in ("pjsip.conf", "extensions.conf"):
            assert text == again[file]
    rev, other = revision_of(files), revision_of(again)
    assert files["extensions.conf"].replace(rev, other) == again["extensions.conf"]
    changed = [
        one
        for one, two in zip(files["pjsip.conf"].split("\n"), again["pjsip.conf"].split("\n"), strict=True)
        if one != two
    ]
    assert all(line.startswith('callerid = "') for line in changed)


def revision_of(files: dict[str, str]) -> str:
    return parse_dialplan(files["extensions.conf"]).contexts["perezvon-rev"]["rev"][0].args


@relaxed
@given(site=sites())
def test_whatever_is_rendered_passes_the_rules(site: Site) -> None:
    assert verify(rendered(site), sounds_dir=SOUNDS) == []


@relaxed
@given(site=sites(), seed=st.randoms(use_true_random=False))
def test_the_same_site_in_another_order_gives_the_same_bytes(site: Site, seed: Random) -> None:
    def shuffled(table: dict[str, object]) -> dict[str, object]:
        return dict(seed.sample(list(table.items()), len(table)))

    other = site.model_copy(
        update={
            key: shuffled(getattr(site, key)) for key in ("agents", "groups", "trunks", "lines", "campaigns")
        }
    )
    assert rendered(site) == rendered(other)


def test_revision_depends_on_every_byte(demo_site: Site) -> None:
    files = render(demo_site, sounds_dir=SOUNDS)
    assert revision(files) != revision(files | {"rtp.conf": files["rtp.conf"] + "\n"})
    assert revision({"a": "bc"}) != revision({"ab": "c"})


@pytest.mark.parametrize(
    ("where", "old", "new", "says"),
    [
        ("groups", "sales", "h", "something else"),
        ("groups", "sales", "general", "something else"),
        ("campaigns", "calls", "t", "something else"),
        ("campaigns", "calls", "s-", "something else"),
        ("campaigns", "calls", "spr-ing", "hyphens"),
        ("agents", "anna", "s", "something else"),
    ],
)
def test_names_that_asterisk_takes_for_something_else_are_refused(
    demo_site: Site, where: str, old: str, new: str, says: str
) -> None:
    table = dict(getattr(demo_site, where))
    table[new] = table.pop(old)
    with pytest.raises(RenderError, match=says):
        render(demo_site.model_copy(update={where: table}), sounds_dir=SOUNDS)


def test_a_code_that_means_two_things_is_refused(demo_site: Site) -> None:
    codes = demo_site.system.feature_codes.model_copy(update={"ready": "*221"})
    system = demo_site.system.model_copy(update={"feature_codes": codes})
    with pytest.raises(RenderError, match=r"\*221 for both"):
        render(demo_site.model_copy(update={"system": system}), sounds_dir=SOUNDS)


def test_one_number_on_two_lines_is_refused(demo_site: Site) -> None:
    line = demo_site.lines["main"].model_copy(update={"numbers": list(demo_site.lines["support"].numbers)})
    with pytest.raises(RenderError, match="both claim"):
        render(demo_site.model_copy(update={"lines": {**demo_site.lines, "main": line}}), sounds_dir=SOUNDS)


@pytest.mark.parametrize(
    ("number", "country", "forms"),
    [
        ("+74951234567", "RU", {"+74951234567", "74951234567", "84951234567", "4951234567"}),
        ("+442071838750", "RU", {"+442071838750", "442071838750"}),
        ("+442071838750", "GB", {"+442071838750", "442071838750", "02071838750", "2071838750"}),
    ],
)
def test_numbers_arrive_in_each_form_carriers_send(
    demo_site: Site, number: str, country: str, forms: set[str]
) -> None:
    line = demo_site.lines["main"].model_copy(update={"numbers": [number]})
    site = demo_site.model_copy(
        update={
            "lines": {"main": line},
            "system": demo_site.system.model_copy(update={"country": country}),
        }
    )
    assert set(inbound(site, "city")) == forms


def test_a_national_form_never_takes_anothers_number(demo_site: Site) -> None:
    main = demo_site.lines["main"].model_copy(update={"numbers": ["+74951234567"]})
    other = demo_site.lines["main"].model_copy(update={"numbers": ["+84951234567"]})
    site = demo_site.model_copy(update={"lines": {"a": main, "b": other}})
    assert inbound(site, "city")["84951234567"] == "b"


def test_penalties_follow_the_skill(demo_site: Site) -> None:
    assert queues_of(demo_site, "ivan") == [("sales", 6), ("support", 0)]
