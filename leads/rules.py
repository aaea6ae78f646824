"""What an outcome makes of a lead: final, or called again later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from config.models import MISSED_MACHINE, Attempts, Disposition, DispositionClass, Retry, Site
from leads.lead import Lead, LeadState, Outcome


@dataclass(frozen=True, slots=True)
class LeadMove:
    """Where a lead goes after an attempt, and why, in a plain sentence."""

    state: LeadState
    due_at: float | None
    reason: str


WORDS = {
    Outcome.BUSY: "busy",
    Outcome.NO_ANSWER: "no answer",
    Outcome.FAILED: "the call failed",
    Outcome.MACHINE: "an answering machine, it seems",
    Outcome.FAX: "a fax",
    Outcome.HUNG_UP_BEFORE_TALK: "the person hung up before an agent had them",
    Outcome.ABANDONED: "the person answered and no agent was free in time",
    Outcome.TALKED: "talked",
    Outcome.INTERRUPTED: "the talk was cut by a fault",
    Outcome.IN_DOUBT: "nothing proves what became of the call; it counts as placed",
}


def after_outcome(
    lead: Lead,
    outcome: Outcome,
    attempts: Attempts,
    now: float,
    disposition: DispositionClass | None = None,
    detail: str = "",
) -> LeadMove:
    """The lead's next state after an attempt that ended now.

    `lead` is as it was before: its counts do not hold this attempt yet. After a talk the disposition
    decides: success and refusal are final, so is no disposition at all; `callback` and `no_contact` are
    called again by the rule for `no_answer`. `detail` is for people.
    """
    told = f"{WORDS[outcome]} ({detail})" if detail else WORDS[outcome]
    rule = outcome
    if outcome is Outcome.TALKED:
        if disposition is not None:
            told = f"{told}, disposition {disposition.value}"
        if disposition not in (DispositionClass.CALLBACK, DispositionClass.NO_CONTACT):
            return LeadMove(LeadState.FINAL, None, f"{told}: final")
        rule = Outcome.NO_ANSWER
    return _again(lead, rule, lead.outcomes.get(outcome, 0) + 1, attempts, now, told)


def after_said(
    said: str, dispositions: Mapping[str, Disposition], lead: Lead, attempts: Attempts, now: float
) -> LeadMove:
    """The lead's next state after a talk, whatever ended it, by what its agent says of it.

    `lead` is as it was before. `said` is a disposition of the site's (one that it has no more means nothing),
    or `MISSED_MACHINE`.
    """
    if said == MISSED_MACHINE:
        seen = lead.outcomes.get(Outcome.MACHINE, 0) + 1
        return _again(lead, Outcome.MACHINE, seen, attempts, now, "an agent had a machine on the line")
    means = dispositions[said].means if said in dispositions else None
    return after_outcome(lead, Outcome.TALKED, attempts, now, means, said)


def saying(site: Site, now: float) -> Callable[[str, str, Lead], LeadMove]:
    """`after_said` by campaign, word and lead; a campaign that the site has no more calls nobody again."""

    def move(campaign: str, said: str, lead: Lead) -> LeadMove:
        if (known := site.campaigns.get(campaign)) is None:
            return LeadMove(LeadState.FINAL, None, f"final: campaign {campaign} is no longer in the site")
        return after_said(said, site.dispositions, lead, known.attempts, now)

    return move


def _again(lead: Lead, rule: Outcome, seen: int, attempts: Attempts, now: float, told: str) -> LeadMove:
    """The lead's next state by the campaign's rule for an outcome, which was `seen` so often by now."""
    retry = _retry(attempts, rule)
    if retry is None:
        return LeadMove(LeadState.FINAL, None, f"{told}: final, the campaign does not call again after this")
    made = lead.attempts + 1
    if made >= attempts.max:
        return LeadMove(
            LeadState.FINAL, None, f"{told}: final, attempt {made} of {attempts.max} was the last"
        )
    if seen > retry.times:
        return LeadMove(
            LeadState.FINAL, None, f"{told}: final, called again {retry.times} times after this already"
        )
    return LeadMove(
        LeadState.SCHEDULED,
        now + retry.after,
        f"{told}: called again in {span(retry.after)}, attempt {made} of {attempts.max} is done",
    )


def _retry(attempts: Attempts, outcome: Outcome) -> Retry | None:
    return {Outcome(name): retry for name, retry in attempts.retry.items()}.get(outcome)


def span(seconds: float) -> str:
    """A length of time for people: `15 min`, `2 h 30 min`, `3 d`; at most two units."""
    left = round(seconds)
    parts = []
    for name, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "0 s"
