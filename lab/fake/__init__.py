"""A fake Asterisk: AMI and a call model on TCP, in virtual or real time."""

from .behaviour import Answer, Phone, Reject, Ring, Subscriber
from .clock import VirtualLoop, run_virtual
from .queue import QueueOptions
from .server import Behaviours, FakeAsterisk, Faults
from .switch import Campaign, FakeCall

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
