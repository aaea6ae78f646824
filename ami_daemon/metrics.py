"""`/metrics` for Prometheus: link, calls, agents and pacers in figures; neither phone numbers nor names."""

from __future__ import annotations

import asyncio
from collections import Counter as Count
from collections.abc import Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Histogram, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from agi.server import AgiServer
from ami_daemon.agent import AgentState
from ami_daemon.board import Board
from ami_daemon.call import CallState
from ami_daemon.dialer import Dialer
from ami_daemon.link import AmiLink, LinkState
from ami_daemon.words import BOUNDS
from sounds.ear import Ear

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LOOPBACK = "127.0.0.1"
PATIENCE = 5.0
"""Seconds that a request waits for the daemon's loop."""


class Metrics(Collector):
    """What a request is answered from; the figures are read in the daemon's own loop, at one moment."""

    def __init__(
        self,
        board: Board,
        dialer: Dialer,
        link: AmiLink,
        scripts: AgiServer,
        ear: Ear,
        *,
        clock: Callable[[], float],
    ) -> None:
        self._board, self._dialer, self._link, self._clock = board, dialer, link, clock
        self._scripts, self._ear = scripts, ear
        self._loop: asyncio.AbstractEventLoop | None = None
        self.registry = CollectorRegistry()
        self.registry.register(self)
        self.decisions = Histogram(
            "perezvon_decision_seconds",
            "How long one decision on how many calls to place took",
            buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.1),
            registry=self.registry,
        )

    @asynccontextmanager
    async def served(self, port: int) -> AsyncIterator[None]:
        """Answer on the loopback address while the block runs. OSError: the port cannot be had."""
        self._loop = asyncio.get_running_loop()
        server, thread = start_http_server(port, LOOPBACK, self.registry)
        try:
            yield
        finally:
            await asyncio.to_thread(server.shutdown)
            server.server_close()
            await asyncio.to_thread(thread.join)

    def collect(self) -> Iterable[Metric]:
        """All figures now; runs in a thread of the server's."""
        if self._loop is None:
            return []
        return asyncio.run_coroutine_threadsafe(self._read(), self._loop).result(PATIENCE)

    async def _read(self) -> list[Metric]:
        return [*self._of_link(), *self._of_floor(), *self._of_scripts(), *self._of_pacers()]

    def _of_link(self) -> Iterable[Metric]:
        counters = self._link.counters
        yield GaugeMetricFamily(
            "perezvon_link_up",
            "1 while the daemon hears Asterisk and may act",
            value=self._link.state is LinkState.LIVE,
        )
        if counters.last_event_at:
            age = GaugeMetricFamily("perezvon_last_event_age_seconds", "Since Asterisk's last event")
            age.add_metric([], max(0.0, self._clock() - counters.last_event_at))
            yield age
        yield CounterMetricFamily(
            "perezvon_resyncs", "How often the whole was asked for anew", value=counters.resyncs
        )

    def _of_floor(self) -> Iterable[Metric]:
        found = Count((call.campaign, call.state) for call in self._board.calls.values())
        calls = GaugeMetricFamily("perezvon_calls", "Calls under way", labels=["campaign", "state"])
        for name in self._dialer.site.campaigns:
            for state in CallState:
                if state is not CallState.ENDED:
                    calls.add_metric([name, str(state)], found[name, state])
        yield calls
        states = Count(agent.state for agent in self._board.agents.values())
        agents = GaugeMetricFamily("perezvon_agents", "Agents by state", labels=["state"])
        for one in AgentState:
            agents.add_metric([str(one)], states[one])
        yield agents
        yield GaugeMetricFamily(
            "perezvon_inbound_waiting", "Callers who wait for an agent", value=len(self._board.inbound)
        )

    def _of_scripts(self) -> Iterable[Metric]:
        sessions = len(self._scripts.connections)
        yield GaugeMetricFamily("perezvon_script_calls", "Calls in a call script", value=sessions)
        ends = CounterMetricFamily(
            "perezvon_script_faults",
            "Calls that a script lost to the dialplan: not let in, or failed",
            labels=["kind"],
        )
        ends.add_metric(["refused"], self._scripts.refused)
        ends.add_metric(["failed"], self._scripts.failed)
        yield ends
        yield GaugeMetricFamily(
            "perezvon_ear_calls", "Calls that are listened to", value=len(self._ear.calls)
        )
        yield CounterMetricFamily(
            "perezvon_ear_refused",
            "Connections to the ear that were closed without a verdict",
            value=self._ear.refused,
        )

    def _of_pacers(self) -> Iterable[Metric]:
        running = _gauge("running", "1 while the campaign may place calls")
        wanted = _gauge("calls_wanted", "Calls that the pacer asked for last")
        level = _gauge("level", "Calls under way for each agent expected free")
        persons = _gauge("persons_expected", "Persons expected from the calls under way")
        free = _gauge("agents_expected", "Agents expected free for them")
        rate = _gauge("abandonment_rate", "Abandoned calls, as a share, over the law's window", "window")
        left = _gauge("abandonment_left", "Abandoned calls that the law still permits in it", "window")
        errs = _gauge("screening_error", "Estimated share of calls that the screen took wrongly", "kind")
        bound = _gauge("bound", "1 for what holds the campaign's dialing", "bound")
        odd = CounterMetricFamily(
            "perezvon_campaign_oddities", "What could not be and was heard", labels=["campaign", "kind"]
        )
        pacing = self._dialer.pacing
        for name, pacer in pacing.pacers.items():
            for kind, count in sorted(pacer.oddities.items()):
                odd.add_metric([name, kind], count)
            running.add_metric([name], self._dialer.dials(name))
            standing = self._dialer.budgets.standing(name)
            window = self._dialer.site.campaigns[name].rules.window
            rate.add_metric([name, window], standing.rate)
            if standing.limit < 1:
                left.add_metric([name, window], standing.left)
            if (screening := self._dialer.budgets.screening(name)) is not None:
                for kind, share in asdict(screening).items():
                    errs.add_metric([name, kind], share)
            if not self._dialer.dials(name) or (decision := pacing.last.get(name)) is None:
                continue
            wanted.add_metric([name], decision.wanted)
            holds = "leads" if name in pacing.starved else decision.bound
            for key in (*BOUNDS, "leads"):
                bound.add_metric([name, key], key == holds)
            if (why := decision.reasons) is not None:
                level.add_metric([name], why.level)
                persons.add_metric([name], why.under_way)
                free.add_metric([name], why.free)
        return [running, wanted, level, persons, free, rate, left, errs, bound, odd]


def _gauge(name: str, told: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"perezvon_campaign_{name}", told, labels=["campaign", *labels])
