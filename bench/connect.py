"""Connect time on a real pair: from the subscriber's answer to the bridge with the agent; ours and bare.

Both sides dial at the same pace into the same context of the same dialplan, on the same pair, with phones
that answer at once, turn by turn. Bare is a few lines of AMI with queue members and no daemon. The answer is
the city's own; the bridge is Asterisk's CEL of the later of the two channels to enter it (milliseconds).
"""

import asyncio
import csv
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from ruamel.yaml import YAML

import config
from cli.daemon_process import DaemonProcess
from lab.ami import Ami, AmiRefused
from lab.behaviour import Mix
from lab.pair import Pair
from lab.phones import Answer
from lab.provision import default_cache, ensure_asterisk
from leads.lead import NewLead
from sounds.catalogue import sounds_dir
from store import open_store

CAMPAIGN = "spring"
TURNS, CALLS = 2, 80  # calls in each turn of each side
PACE = 5.0  # calls per second
CITY = Mix(answers=1.0, ring=(0.2, 0.2), talk=(0.3, 0.3))
"""Talks so short that one of 8 agents is always free: a queue's shortest wrap-up lasts up to a second."""


def run() -> dict[str, object]:
    """The figures, in milliseconds. Raises `NoProgram`, and `RuntimeError` when a call was not connected."""
    folder = Path(tempfile.mkdtemp(prefix="perezvon-bench-"))
    try:
        return asyncio.run(_run(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _run(folder: Path) -> dict[str, object]:
    binary = ensure_asterisk(default_cache(), lambda _: None)
    source = _site(folder / "source")
    async with Pair.open(binary, source, folder / "pair", sounds_dir=sounds_dir(), mix=CITY) as pair:
        await pair.phones.set_all(Answer(after=0.0))
        await _sign_in(pair)
        for turn in range(TURNS):
            await _bare(pair, turn)
            await _ours(pair, turn, folder / "daemon.log")
        async with open_store(pair.site.system.database) as store:
            attempts = await store.attempts.recent(CAMPAIGN, TURNS * CALLS + 1)
        system = pair.site.system.name
        bare_ids = {_bare_id(n): n for turn in range(TURNS) for n in _numbers("0", turn)}
        our_ids = {f"pz-{system}-{attempt.id}": attempt.phone for attempt in attempts}
        bare, ours = await _connect_times(pair, bare_ids), await _connect_times(pair, our_ids)
    return {
        **_figures("", ours),
        **_figures("bare_", bare),
        "over_bare_p50_ms": round(statistics.median(ours) - statistics.median(bare), 1),
        "calls": len(ours),
        "calls_per_second": PACE,
        "asterisk": binary.version_text,
    }


def _figures(prefix: str, times: list[float]) -> dict[str, float]:
    percentiles = statistics.quantiles(times, n=100, method="inclusive")
    return {f"{prefix}p50_ms": round(percentiles[49], 1), f"{prefix}p99_ms": round(percentiles[98], 1)}


def _site(target: Path) -> Path:
    """The demo site with no wrap-up, dialing at our pace."""
    shutil.copytree(Path(config.__file__).parent / "site", target)
    for name, values in (
        ("groups/sales", {"wrap_up": "0s"}),
        ("groups/support", {"wrap_up": "0s"}),
        (f"campaigns/{CAMPAIGN}", {"mode": "progressive", "calls_per_second": PACE}),
    ):
        path, yaml = target / f"{name}.yaml", YAML()
        content = yaml.load(path.read_text(encoding="utf-8"))
        content.update(values)
        with path.open("w", encoding="utf-8") as file:
            yaml.dump(content, file)
    return target


def _numbers(side: str, turn: int) -> list[str]:
    """Invented numbers, others for each turn."""
    return [f"+7495000{side}{turn * CALLS + n:03d}" for n in range(CALLS)]


def _bare_id(number: str) -> str:
    return f"bare-{number.removeprefix('+')}"


class _Manager:
    """A link of our own to ours: only while no daemon holds the account."""

    def __init__(self, pair: Pair) -> None:
        ami = pair.site.system.ami
        self.link = Ami(ami.port, "perezvon_dialer", ami.secret.get_secret_value(), lambda event: None)

    async def __aenter__(self) -> Ami:
        async with asyncio.timeout(5):
            while True:
                try:
                    await self.link.open()
                except AmiRefused:  # Asterisk has not yet noticed that the one before is gone
                    await self.link.close()
                    await asyncio.sleep(0.1)
                else:
                    return self.link

    async def __aexit__(self, *_: object) -> None:
        await self.link.close()


async def _sign_in(pair: Pair) -> None:
    """The agents are members, and ready, for both sides alike."""
    group = pair.site.campaigns[CAMPAIGN].group
    async with _Manager(pair) as link:
        for agent, penalty in pair.site.members(group).items():
            await link.action(
                {
                    "Action": "QueueAdd",
                    "Queue": group,
                    "Interface": f"PJSIP/agent-{agent}",
                    "MemberName": agent,
                    "Penalty": str(penalty),
                }
            )


async def _bare(pair: Pair, turn: int) -> None:
    campaign = pair.site.campaigns[CAMPAIGN]
    async with _Manager(pair) as link:
        begin = time.monotonic()
        for index, number in enumerate(_numbers("0", turn)):
            await asyncio.sleep(max(0.0, begin + index / PACE - time.monotonic()))
            await link.action(
                {
                    "Action": "Originate",
                    "Channel": f"PJSIP/{number}@{pair.site.trunk_endpoint(campaign.trunk)}",
                    "ChannelId": _bare_id(number),
                    "Context": "perezvon-answered",
                    "Exten": CAMPAIGN,
                    "Priority": "1",
                    "Timeout": str(int(campaign.ring_time * 1000)),
                    "CallerID": campaign.caller_id,
                    "Async": "true",
                }
            )
        await _until_over(pair, _numbers("0", turn))


async def _ours(pair: Pair, turn: int, log: Path) -> None:
    async with open_store(pair.site.system.database) as store:
        leads = [NewLead(phone=number, name="") for number in _numbers("1", turn)]
        await store.leads.add(pair.site.campaigns[CAMPAIGN].list, leads, time.time())
    daemon = DaemonProcess(pair.site, pair.site_folder, log)
    await daemon.start()
    try:
        await daemon.ask("campaign", name=CAMPAIGN, action="start")
        await _until_over(pair, _numbers("1", turn))
        await daemon.stop()
    finally:
        await daemon.kill()


async def _until_over(pair: Pair, numbers: list[str]) -> None:
    ledger = pair.city.ledger
    await ledger.until(
        lambda: all(any(call.ended_at for call in ledger.to(number)) for number in numbers),
        deadline=len(numbers) / PACE + 30,
    )
    pair.city.ensure_whole()


async def _connect_times(pair: Pair, numbers: dict[str, str]) -> list[float]:
    """Milliseconds from the city's answer to the bridge of both; `numbers` maps channel ids to numbers."""
    await asyncio.sleep(0.5)  # CEL is written by a thread of its own, a moment after the fact
    entered: dict[str, list[float]] = {}
    path = Path(pair.site.system.asterisk.log_dir) / "cel-custom/perezvon.csv"
    for event, at, _, linked, *_ in csv.reader(path.read_text(encoding="utf-8").splitlines()):
        if event == "BRIDGE_ENTER":
            entered.setdefault(linked, []).append(float(at))
    times = []
    for channel, number in numbers.items():
        (call,) = pair.city.ledger.to(number)
        if call.answered_at is None or len(entered.get(channel, [])) != 2:
            raise RuntimeError(f"the call to {number} was not connected")
        times.append((max(entered[channel]) - call.answered_at) * 1000)
    if len(times) != TURNS * CALLS:
        raise RuntimeError(f"{len(times)} calls of {TURNS * CALLS} were placed")
    return times
