"""The city's ledger, fed with events as its Asterisk sends them."""

from __future__ import annotations

import pytest

from lab.ami import Event
from lab.behaviour import Behaviour, Kind
from lab.ledger import Ledger, NumberForm


@pytest.mark.parametrize(
    ("dialed", "form", "expected"),
    [
        ("+74951234567", NumberForm(), "74951234567"),
        ("74951234567", NumberForm(), "74951234567"),
        ("84951234567", NumberForm(national=True), "74951234567"),
        ("9984951234567", NumberForm("99", national=True), "74951234567"),
        ("99+74951234567", NumberForm("99"), "74951234567"),
        ("+81312345678", NumberForm(), "81312345678"),
    ],
)
def test_a_number_is_e164_however_the_trunk_writes_it(dialed: str, form: NumberForm, expected: str) -> None:
    assert form.digits(dialed) == expected


def new_channel(ident: str, context: str, exten: str, at: float) -> Event:
    return {
        "Event": "Newchannel",
        "Uniqueid": ident,
        "Channel": f"PJSIP/x-{ident}",
        "CallerIDNum": "+74951234567",
        "CallerIDName": "",
        "Context": context,
        "Exten": exten,
        "Timestamp": str(at),
    }


def test_a_call_has_its_behaviour_times_and_cause() -> None:
    ledger = Ledger(NumberForm(), None)
    ledger.take(new_channel("1", "from-ours", "+79161234567", 10.5))
    ledger.take(
        {"Event": "UserEvent", "UserEvent": "CityCall", "Uniqueid": "1", "Behaviour": "answers-0.2-3-0"}
    )
    ledger.take({"Event": "Newstate", "Uniqueid": "1", "ChannelState": "5", "Timestamp": "10.6"})
    ledger.take({"Event": "Newstate", "Uniqueid": "1", "ChannelState": "6", "Timestamp": "10.75"})
    ledger.take({"Event": "Hangup", "Uniqueid": "1", "Cause": "16", "Timestamp": "13.75"})
    [call] = ledger.to("+79161234567")
    assert (call.arrived_at, call.answered_at, call.ended_at, call.cause) == (10.5, 10.75, 13.75, 16)
    assert call.behaviour == Behaviour(Kind.ANSWERS, 0.2, 3)
    assert call.caller_id == "+74951234567"
    assert ledger.by_behaviour() == {"answers": 1}


def test_calls_to_phones_and_placed_calls_are_not_the_subscribers() -> None:
    ledger = Ledger(NumberForm(), None)
    ledger.take(new_channel("1", "phones", "phone-ivan", 1))
    ledger.take(new_channel("lab-1", "phones", "s", 2))
    ledger.take(new_channel("2", "elsewhere", "s", 3))
    assert ledger.calls == []
    assert [call.agent for call in ledger.phone_calls] == ["ivan"]
    assert list(ledger.placed) == ["lab-1"]


def test_a_call_that_was_gone_before_the_city_decided_still_counts() -> None:
    ledger = Ledger(NumberForm(), None)
    ledger.take(new_channel("1", "from-ours", "+79161234567", 1))
    ledger.take({"Event": "Hangup", "Uniqueid": "1", "Cause": "127", "Timestamp": "1.1"})
    assert ledger.by_behaviour() == {"gone": 1}


async def test_waiting_ends_with_a_timeout_where_nothing_comes() -> None:
    with pytest.raises(TimeoutError):
        await Ledger(NumberForm(), None).until(lambda: None, deadline=0.01)
