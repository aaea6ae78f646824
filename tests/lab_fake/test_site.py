"""The fake follows the site and the templates that the real Asterisk is configured with."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import dialplan
from config.load import load_site
from config.secrets import create_missing
from lab.fake import Answer, Behaviours, FakeAsterisk, run_virtual
from lab.fake.cel import COLUMNS
from lab.fake.switch import QUEUE_OPTIONS

TEMPLATES = Path(dialplan.__file__).parent / "templates"
SITE = Path(dialplan.__file__).parent.parent / "config" / "site"


def test_cel_columns_are_those_of_the_template() -> None:
    text = (TEMPLATES / "cel_custom.conf.j2").read_text()
    text = re.sub(r"CUT\((.+?),/,1\)", r"\1", text)  # the data up to a slash; none of the fake's has one
    assert tuple(re.findall(r"CSV_QUOTE\(\$\{(.+?)\}\)", text)) == COLUMNS


def test_queue_options_are_those_of_the_template() -> None:
    """Of called people; callers hear music (no `r`), and the fake tells them apart by no event."""
    text = re.sub(r"\{% if .+?\{% endif %\}", "", (TEMPLATES / "extensions.conf.j2").read_text())
    found = re.findall(r"Queue\(\{\{ [a-z.]+\|name \}\},(.+?),,,", text)
    assert set(found) == {QUEUE_OPTIONS, QUEUE_OPTIONS.replace("r", "", 1)}


def test_demo_site_becomes_queues_campaigns_and_phones(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    shutil.copytree(SITE, folder, ignore=shutil.ignore_patterns("secrets"))
    create_missing(folder)

    async def main() -> None:
        site = load_site(folder)
        fake = FakeAsterisk.from_site(site, Behaviours(lambda _: Answer()), cel=None)
        assert set(fake.switch.queues) == set(site.groups)
        assert set(fake.switch.phones) == set(site.agents)
        for name, campaign in site.campaigns.items():
            assert fake.switch.campaigns[name].group == campaign.group
            assert fake.switch.campaigns[name].timeout >= campaign.grace + 1
        for agent in site.agents:
            fake.sign_in(agent)
        for group in site.groups:
            interfaces = {f"PJSIP/agent-{agent}" for agent in site.members(group)}
            assert set(fake.switch.queues[group].members) == interfaces
            assert all(m.reason == "signed_in" for m in fake.switch.queues[group].members.values())

    run_virtual(main())
