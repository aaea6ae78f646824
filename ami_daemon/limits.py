"""Limits on lines and on calls per second: per campaign, per trunk, and over everything. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from ami_daemon.call import Call
from config.models import Site
from leads.attempt import Attempt


@dataclass(slots=True)
class Rate:
    """A token bucket that holds one token, so that calls are spread evenly over the second."""

    per_second: float
    tokens: float = 1.0
    at: float = 0.0

    def available(self, now: float) -> int:
        """Whole calls that may be placed now."""
        if now > self.at:
            self.tokens = min(1.0, self.tokens + (now - self.at) * self.per_second)
            self.at = now
        return math.floor(self.tokens + 1e-9)

    def take(self, calls: int) -> None:
        """`calls` were placed."""
        self.tokens -= calls

    def next_at(self) -> float:
        """When the next call may be placed."""
        return self.at + max(0.0, 1.0 - self.tokens) / self.per_second


@dataclass
class Limits:
    """All limits of a site."""

    site: Site
    _rates: dict[str, Rate] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._rates[""] = Rate(self.site.system.limits.calls_per_second)
        for name, trunk in self.site.trunks.items():
            self._rates[f"trunk {name}"] = Rate(trunk.calls_per_second)
        for name, campaign in self.site.campaigns.items():
            self._rates[f"campaign {name}"] = Rate(campaign.calls_per_second)

    def _rates_of(self, campaign: str) -> list[Rate]:
        trunk = self.site.campaigns[campaign].trunk
        return [self._rates[""], self._rates[f"trunk {trunk}"], self._rates[f"campaign {campaign}"]]

    def allowance(self, campaign: str, now: float) -> int:
        """Whole calls that the calls-per-second limits permit now."""
        return min(rate.available(now) for rate in self._rates_of(campaign))

    def take(self, campaign: str, calls: int) -> None:
        """`calls` of the campaign were placed."""
        for rate in self._rates_of(campaign):
            rate.take(calls)

    def next_at(self, campaign: str) -> float:
        """When the calls-per-second limits permit the campaign's next call."""
        return max(rate.next_at() for rate in self._rates_of(campaign))

    def free_lines(self, campaign: str, calls: Iterable[Call | Attempt]) -> int:
        """Lines that the campaign may still take, of its own, its trunk's and the whole."""
        settings = self.site.campaigns[campaign]
        by_campaign: Counter[str] = Counter()
        by_trunk: Counter[str] = Counter()
        for call in calls:
            by_campaign[call.campaign] += 1
            by_trunk[call.trunk] += 1
        return max(
            0,
            min(
                settings.lines - by_campaign[campaign],
                self.site.trunks[settings.trunk].lines - by_trunk[settings.trunk],
                self.site.system.limits.lines - by_trunk.total(),
            ),
        )
