"""The figures of inbound calls, each recomputed from raw rows in another way."""

from __future__ import annotations

import statistics
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.inbound import CallerClass, CallOutcome, InboundCall
from leads.inbound_figures import Figures, figures, report

CAME = InboundCall("1", "main", "+79031110001", CallerClass.CLIENT, "sales", 1000.0)
O = CallOutcome  # noqa: E741 - short for the tables below


def talked(wait: float, talk: float = 60.0) -> InboundCall:
    return replace(
        CAME, waiting_at=1003.0, connected_at=1003.0 + wait, talk_ended_at=1003.0 + wait + talk,
        ended_at=1003.0 + wait + talk, outcome=O.TALKED, agent="vera",
    )  # fmt: skip


def lost(wait: float) -> InboundCall:
    return replace(CAME, waiting_at=1003.0, ended_at=1003.0 + wait, outcome=O.LOST_IN_QUEUE)


def other(outcome: CallOutcome) -> InboundCall:
    return replace(CAME, ended_at=1010.0, outcome=outcome)


def test_a_day_in_figures() -> None:
    asked = replace(CAME, waiting_at=1003.0, ended_at=1100.0, outcome=O.CALLBACK_ASKED)
    calls = [
        talked(10.0), talked(30.0), lost(2.0), lost(40.0), asked, other(O.AFTER_HOURS), other(O.SELF_SERVED),
        other(O.LEFT_IN_MENU), other(O.REFUSED), other(O.IN_DOUBT), replace(CAME, waiting_at=1003.0),
    ]  # fmt: skip
    assert figures(calls) == Figures(
        by="",
        received=11,
        handled=3,
        missed=4,
        handled_per_missed=0.75,
        talked=2,
        self_served=1,
        lost_in_queue=2,
        after_hours=1,
        left_in_menu=1,
        callback_asked=1,
        refused=1,
        in_doubt=1,
        under_way=1,
        no_number=0,
        offered=5,
        lost_share=0.4,
        service_level=0.25,  # one of the five offered without the short abandon
        answer_wait=20.0,
        lost_wait=21.0,
        longest_wait=40.0,
    )


def test_no_calls_are_no_figures_and_no_error() -> None:
    found = figures([])
    assert (found.received, found.handled_per_missed, found.lost_share) == (0, None, None)
    assert (found.answer_wait, found.service_level, found.longest_wait) == (None, None, None)
    assert report([], lambda c: c.line) == []


def test_who_talks_right_now_is_handled_and_their_wait_counts() -> None:
    now = replace(talked(8.0), ended_at=None, talk_ended_at=None)
    found = figures([now])
    assert (found.handled, found.under_way, found.answer_wait) == (1, 0, 8.0)


ELSE = sorted(set(O) - {O.TALKED, O.LOST_IN_QUEUE})


@st.composite
def ended_calls(draw: st.DrawFn) -> InboundCall:
    wait = draw(st.floats(0, 300))
    call = draw(st.sampled_from([talked(wait), lost(wait), *map(other, ELSE)]))
    number = draw(st.sampled_from([None, "+79031110001"]))
    return replace(call, line=draw(st.sampled_from(["main", "shop"])), number=number)


@given(calls=st.lists(ended_calls(), max_size=40), within=st.floats(1, 60))
def test_every_figure_follows_from_the_raw_rows(calls: list[InboundCall], within: float) -> None:
    found = figures(calls, within=within)
    of = {outcome: [c for c in calls if c.outcome is outcome] for outcome in O}
    waits = {
        outcome: [(c.connected_at or c.ended_at or 0.0) - (c.waiting_at or 0.0) for c in of[outcome]]
        for outcome in (O.TALKED, O.LOST_IN_QUEUE)
    }
    assert (
        found.received
        == len(calls)
        == (
            found.handled
            + found.missed
            + found.callback_asked
            + found.refused
            + found.in_doubt
            + found.under_way
        )
    )
    assert found.handled == len(of[O.TALKED]) + len(of[O.SELF_SERVED])
    assert found.missed == sum(len(of[o]) for o in (O.LOST_IN_QUEUE, O.AFTER_HOURS, O.LEFT_IN_MENU))
    assert found.offered == len(of[O.TALKED]) + len(of[O.LOST_IN_QUEUE])
    assert found.no_number == sum(c.number is None for c in calls)
    if waits[O.TALKED]:
        assert found.answer_wait == pytest.approx(statistics.fmean(waits[O.TALKED]))
    if waits[O.LOST_IN_QUEUE]:
        assert found.lost_wait == pytest.approx(statistics.fmean(waits[O.LOST_IN_QUEUE]))
        assert found.lost_share == pytest.approx(len(of[O.LOST_IN_QUEUE]) / found.offered)
    long_enough = found.offered - sum(w < 5 for w in waits[O.LOST_IN_QUEUE])
    if long_enough:
        assert found.service_level == pytest.approx(sum(w <= within for w in waits[O.TALKED]) / long_enough)
    by_line = report(calls, lambda c: c.line, within)
    assert sum(part.received for part in by_line) == found.received
    assert [part.by for part in by_line] == sorted({c.line for c in calls})
