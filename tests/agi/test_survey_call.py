"""A survey as a robot's call, on paper: who calls is said first, and what came of it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from agi.paper import PaperSession
from agi.scripts import survey
from agi.session import places
from config.models import Mode, Question, Survey
from leads.lead import NewLead
from tests.agi.buyers import PHONE, ROBOT, Buyer, a_buyer, through

QUALITY = Survey.model_validate(
    {"title": "Q", "questions": {"one": Question.model_validate({"prompt": "survey-quality"})}}
)


async def call(buyer: Buyer, keys: Sequence[str], **how: object) -> tuple[PaperSession, str | None]:
    """The call, and the disposition that was kept."""
    site = buyer.site
    robot = site.campaigns[ROBOT].model_copy(update={"mode": Mode.ROBOT, "survey": "q"})
    changed = {"surveys": {"q": QUALITY}, "campaigns": {**site.campaigns, ROBOT: robot}}
    buyer.desk = replace(buyer.desk, site=site.model_copy(update=changed))
    await buyer.store.leads.add(robot.list, [NewLead(PHONE)], 0.0)
    attempt = await buyer.dialed(ROBOT)
    drawn = buyer.paper(attempt, keys, "ru", **how)
    facts = replace(drawn.call, args=("q",))
    paper = PaperSession(facts, places(buyer.site), keys, start=drawn.now, **how)  # type: ignore[arg-type]
    await through(survey.run(paper, buyer.desk))
    return paper, await buyer.disposition(attempt)


OPENING = ["survey-call", "opt-out-key"]


@pytest.mark.parametrize(
    ("keys", "how", "end", "said"),
    [
        (["9"], {}, "survey-thanks", "told"),
        ([], {}, "survey-thanks", "no_reply"),
        ([], {"during": {"opt-out-key": "8"}}, "opt-out-done", "opted_out"),
        (["9"], {"during": {"survey-thanks": "8"}}, "opt-out-done", "opted_out"),
        ([], {"during": {"survey-call": "0"}}, "to-operator", "operator"),
    ],
)
async def test_a_call_that_asks(
    tmp_path: Path, keys: list[str], how: dict[str, object], end: str, said: str
) -> None:
    async with a_buyer(tmp_path) as buyer:
        paper, disposition = await call(buyer, keys, **how)
        assert paper.heard[: len(OPENING)] == OPENING[: len(paper.heard)] or end == "to-operator"
        assert paper.heard[-1] == end
        assert disposition == said
        assert paper.gone == (said != "operator")


async def test_who_hangs_up_after_a_mark_has_answered_and_before_it_was_only_reached(tmp_path: Path) -> None:
    kept: list[str | None] = []
    async with a_buyer(tmp_path) as buyer:
        whole, _ = await call(buyer, ["9"])
    for step in range(1, whole.steps + 1):
        (tmp_path / str(step)).mkdir()
        async with a_buyer(tmp_path / str(step)) as buyer:
            kept.append((await call(buyer, ["9"], hang_up_at=step))[1])
    order = [None, "listened", "told"]
    assert kept == sorted(kept, key=order.index)
    assert set(kept) == set(order)
