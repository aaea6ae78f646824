"""A fake Asterisk: AMI and a call model on TCP, in virtual or real time.

async def test() -> None:
    fake = FakeAsterisk.from_site(site, Behaviours(lambda number: Answer(2.0, talk=30)), cel=None)
    await fake.start()          # fake.port
    fake.sign_in("ivanov", ready=True)
    ...                         # the daemon dials; fake.ledger tells what the network saw
    await fake.stop()

run_virtual(test())             # or asyncio.run(test()): real TCP, real time
"""

from .behaviour import Answer, Phone, Reject, Ring, Subscriber
from .clock import VirtualLoop, run_virtual
from .floor import FakeCall
from .queue import QueueOptions
from .server import Behaviours, FakeAsterisk, Faults
from .switch import Campaign

__all__ = [
    "Answer",
    "Behaviours",
    "Campaign",
    "FakeAsterisk",
    "FakeCall",
    "Faults",
    "Phone",
    "QueueOptions",
    "Reject",
    "Ring",
    "Subscriber",
    "VirtualLoop",
    "run_virtual",
]
