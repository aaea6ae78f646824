"""/metrics over HTTP: the figures are there, and nobody's number or name."""

from __future__ import annotations

import asyncio
import re
import socket
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ami_daemon import events as ami
from ami_daemon.app import CannotRun, Daemon
from ami_daemon.call import Call
from ami_daemon.link import LinkState
from cli.demo_world import demo_site
from cli.doctor import _metrics
from config.load import load_site
from config.models import Site
from config.secrets import create_missing
from predictive import Event
from store import CampaignState, open_store
from tests.migrated import new_database

PHONE = "+79161234567"


def a_site(tmp_path: Path, port: int) -> Site:
    source = demo_site(tmp_path / "site")
    system = source / "system.yaml"
    database = new_database(tmp_path / "p.db")
    paths = f"metrics_port: {port}\nsocket: {tmp_path}/s\ndatabase: {database}\n"
    kept = re.sub(r"^(socket|database):.*\n", "", system.read_text("utf-8"), flags=re.M)
    system.write_text(kept + paths, "utf-8")
    create_missing(source)
    return load_site(source)


@asynccontextmanager
async def a_daemon(site: Site) -> AsyncIterator[Daemon]:
    async with open_store(site.system.database) as store:
        epoch = await store.lease.acquire("test", 100.0, 15.0)
        yield Daemon(site, store, epoch, clock=lambda: 100.5)


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def get(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return str(answer.read().decode())


async def test_the_figures_are_those_of_the_daemon(tmp_path: Path, port: int) -> None:
    site = a_site(tmp_path, port)
    async with a_daemon(site) as daemon:
        await daemon.dialer.load()
        await daemon.dialer.set_state("spring", CampaignState.RUNNING, "test")
        daemon.board.handle(
            ami.QueueMember(
                100.0, "added", "sales", "lev", "PJSIP/agent-lev", 0, 0, 0, 1, False, 1, False, "", 0
            )
        )
        daemon.dialer.pacing.deal()
        await daemon.dialer._round("spring")
        daemon.board.place(Call("0123456789abcd01", 1, "spring", "sales", "city", PHONE, 100.0))
        daemon.scripts.server.refused, daemon.screening.ear.refused = 2, 3
        async with daemon.metrics.served(port):
            told = await asyncio.to_thread(get, port)
    figures = dict(line.rsplit(" ", 1) for line in told.splitlines() if not line.startswith("#"))
    wanted = {
        "perezvon_link_up": 0,
        "perezvon_resyncs_total": 0,
        "perezvon_inbound_waiting": 0,
        "perezvon_script_calls": 0,
        'perezvon_script_faults_total{kind="refused"}': 2,
        'perezvon_script_faults_total{kind="failed"}': 0,
        "perezvon_ear_calls": 0,
        "perezvon_ear_refused_total": 3,
        'perezvon_calls{campaign="spring",state="placed"}': 1,
        'perezvon_calls{campaign="spring",state="talking"}': 0,
        'perezvon_agents{state="ready"}': 1,
        'perezvon_agents{state="offline"}': len(site.agents) - 1,
        'perezvon_campaign_running{campaign="spring"}': 1,
        'perezvon_campaign_running{campaign="renewal"}': 0,
        'perezvon_campaign_calls_wanted{campaign="spring"}': 1,
        'perezvon_campaign_agents_expected{campaign="spring"}': 1,
        'perezvon_campaign_abandonment_rate{campaign="spring",window="30d"}': 0,
        'perezvon_campaign_abandonment_left{campaign="spring",window="30d"}': 0,
        'perezvon_campaign_bound{bound="leads",campaign="spring"}': 1,
        'perezvon_campaign_bound{bound="risk",campaign="spring"}': 0,
        "perezvon_decision_seconds_count": 1,
    }
    assert {key: float(figures[key]) for key in wanted} == wanted
    people = [*site.agents, *(agent.name for agent in site.agents.values())]
    assert PHONE[1:] not in told and not any(re.search(rf"\b{name}\b", told) for name in people)


async def test_a_decision_takes_its_share_of_the_deal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_daemon(a_site(tmp_path, 1)) as daemon:
        dialer, now, rounds = daemon.dialer, [0.0], asyncio.Queue[tuple[str, float]]()
        await dialer.load()
        for name in ("spring", "renewal"):
            await dialer.set_state(name, CampaignState.RUNNING, "test")
        a_round = dialer._round

        def deal() -> None:
            now[0] += 0.5

        async def asked(name: str, dealt: float = 0.0) -> float:
            rounds.put_nowait((name, dealt))
            return 1.0

        monkeypatch.setattr(dialer.pacing, "deal", deal)
        monkeypatch.setattr(dialer, "_round", asked)
        monkeypatch.setattr(daemon.link, "state", LinkState.LIVE)
        with monkeypatch.context() as patch:
            patch.setattr(time, "perf_counter", lambda: now[0])
            loop = asyncio.create_task(dialer.run())
            shares = dict([await rounds.get(), await rounds.get()])
            loop.cancel()
        assert shares == {"spring": 0.25, "renewal": 0.25}
        took: list[float] = []
        monkeypatch.setattr(dialer, "_decided", took.append)
        await a_round("spring", 0.25)
        assert took[0] >= 0.25


async def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = int(taken.getsockname()[1])
        async with a_daemon(a_site(tmp_path, number)) as daemon:
            with pytest.raises(CannotRun, match=f"port {number} for /metrics cannot be had"):
                await daemon.run()


@asynccontextmanager
async def stranger(port: int, answer: bytes, *, endless: bool) -> AsyncIterator[None]:
    """Another program on the port; an endless one talks until the other side hangs up."""

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            writer.write(answer)
            await writer.drain()
            while endless:
                writer.write(b"x" * 4096)
                await writer.drain()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", port):
        yield


async def test_doctor_tells_whose_the_port_is(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")  # nobody answers there at first
    site = a_site(tmp_path, port)
    assert [finding.level for finding in await asyncio.to_thread(lambda: list(_metrics(site)))] == ["ok"]
    async with a_daemon(site) as daemon, daemon.metrics.served(port):
        assert [finding.level for finding in await asyncio.to_thread(lambda: list(_metrics(site)))] == ["ok"]

    for answer in (
        b"HTTP/1.0 200 OK\r\n\r\nhello\r\n",
        b"220 mail.example.org\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n",
    ):
        async with stranger(port, answer, endless=answer.endswith(b"\r\n\r\n")):
            (finding,) = await asyncio.to_thread(lambda: list(_metrics(site)))
            assert (finding.level, finding.told) == ("fail", f"another program has port {port}")
    off = site.model_copy(update={"system": site.system.model_copy(update={"metrics_port": None})})
    assert list(_metrics(off)) == []


async def test_what_cannot_be_is_counted_and_logged_once(tmp_path: Path, port: int) -> None:
    site = a_site(tmp_path, port)
    async with a_daemon(site) as daemon, daemon.metrics.served(port):
        await daemon.dialer.load()
        await daemon.dialer.set_state("spring", CampaignState.RUNNING, "test")
        pacer = daemon.dialer.pacing.pacers["spring"]
        with capture_logs() as logs:
            for call in ("nobody's", "nobody's either"):
                pacer.on_event(asyncio.get_running_loop().time(), Event("busy", call))
                daemon.dialer.pacing.deal()
                await daemon.dialer._round("spring")
        assert [line["kind"] for line in logs if line["event"] == "pacer_oddity"] == ["busy"]
        text = await asyncio.to_thread(get, port)
    assert 'perezvon_campaign_oddities_total{campaign="spring",kind="busy"} 2.0' in text
