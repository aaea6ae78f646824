"""What must be true of a centre when a campaign is over, whatever happened to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from lab.fake import FakeCall
from leads.attempt import Attempt, AttemptState
from leads.lead import Lead, LeadState, Outcome
from tests.daemon_fake.centre import Centre


def expected(call: FakeCall) -> Outcome:
    """The outcome that the journal must have for a call that ended so."""
    match call.how:
        case "busy":
            return Outcome.BUSY
        case "rejected":
            return Outcome.FAILED
        case "no_answer" | "cancelled":
            return Outcome.NO_ANSWER
        case "talked":
            return Outcome.TALKED
        case "heard_message":
            return Outcome.ABANDONED
        case "hung_up_waiting" | "cut":
            return Outcome.ABANDONED if call.message else Outcome.HUNG_UP_BEFORE_TALK
        case "machine" | "fax":
            return Outcome(call.how)
        case "sit":
            return Outcome.FAILED
        case "killed" if call.bridged_at is not None:
            return Outcome.INTERRUPTED
        case "killed" if call.answered_at is not None:
            return Outcome.ABANDONED
        case "killed":
            return Outcome.IN_DOUBT
    raise AssertionError(f"a call ended as {call.how!r}")


async def verify(centre: Centre, *campaigns: str) -> None:
    """Journal and network agree to the last call; no lead is lost, none called too often or out of turn."""
    assert await centre.store.audit(centre.clock.now()) == []
    attempts: list[Attempt] = []
    for name in campaigns:
        made = await centre.attempts(name)
        attempts += made
        check_leads(await centre.all_leads(name), made, centre.site.campaigns[name].attempts.max)
        check_limits(centre, name, made)
    check_ledger(centre, attempts)
    check_link(centre)


def check_leads(leads: list[Lead], attempts: list[Attempt], most: int) -> None:
    ended: Counter[int] = Counter()
    for attempt in attempts:
        assert attempt.state in (AttemptState.ENDED, AttemptState.RELEASED), attempt
        ended[attempt.lead_id] += attempt.state is AttemptState.ENDED
    for lead in leads:
        assert lead.state is LeadState.FINAL, lead
        assert 1 <= ended[lead.id] <= most, lead


def check_ledger(centre: Centre, attempts: list[Attempt]) -> None:
    prefix = centre.daemon.board.prefix
    calls = {call.channel_id.removeprefix(prefix): call for call in centre.fake.ledger}
    assert len(calls) == len(centre.fake.ledger), "a channel id was used twice"
    assert set(centre.fake.switch.id_uses.values()) <= {1}, "an id was sent twice"
    by_id = {attempt.id: attempt for attempt in attempts}
    assert set(calls) <= set(by_id), "a call is in no journal"
    wrong: list[tuple[Attempt, FakeCall | None]] = []
    for id, attempt in by_id.items():
        call = calls.get(id)
        if call is None:
            # Never seen by the network: given back, or, where nothing can prove that, in doubt.
            if attempt.state is not AttemptState.RELEASED and attempt.outcome is not Outcome.IN_DOUBT:
                wrong.append((attempt, None))
            continue
        assert call.number == attempt.phone
        if attempt.state is not AttemptState.ENDED or attempt.outcome is not expected(call):
            wrong.append((attempt, call))
        if attempt.outcome is Outcome.IN_DOUBT:
            assert attempt.note, "an attempt is in doubt without a word why"
    assert not wrong, f"{len(wrong)} attempts are not as the network had them: {wrong[:3]}"


def check_limits(centre: Centre, campaign: str, attempts: list[Attempt]) -> None:
    settings = centre.site.campaigns[campaign]
    prefix = centre.daemon.board.prefix
    mine = {prefix + attempt.id for attempt in attempts}
    calls = [call for call in centre.fake.ledger if call.channel_id in mine]
    assert most_at_once(calls) <= settings.lines
    assert centre.crashes or shortest_gap(calls) >= 1 / settings.calls_per_second - 1e-5, gaps(calls)
    trunk, limits = centre.site.trunks[settings.trunk], centre.site.system.limits
    assert most_at_once(centre.fake.ledger) <= min(trunk.lines, limits.lines)
    if not centre.crashes:  # a new daemon does not know when the last one placed its last call
        fastest = min(trunk.calls_per_second, limits.calls_per_second)
        assert shortest_gap(centre.fake.ledger) >= 1 / fastest - 1e-6


def check_link(centre: Centre) -> None:
    """Every call was placed while the link was LIVE."""
    for call in centre.fake.ledger:
        assert any(since <= call.placed_at <= until for since, until in centre.live), call


def most_at_once(calls: Iterable[FakeCall]) -> int:
    """The most calls that lived at one moment; one that ends as another comes counts once."""
    marks = [(call.placed_at, 1) for call in calls]
    marks += [(call.ended_at, -1) for call in calls if call.ended_at is not None]
    now = most = 0
    for _, step in sorted(marks):
        now += step
        most = max(most, now)
    return most


def shortest_gap(calls: Iterable[FakeCall]) -> float:
    times = sorted(call.placed_at for call in calls)
    return min((b - a for a, b in pairwise(times)), default=float("inf"))


def gaps(calls: Iterable[FakeCall]) -> list[tuple[float, float]]:
    """The five shortest times between two calls, with the moment of the first."""
    return sorted((b - a, a) for a, b in pairwise(sorted(call.placed_at for call in calls)))[:5]
