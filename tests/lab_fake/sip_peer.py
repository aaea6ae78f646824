"""A tiny SIP user agent for recording: it answers, rejects, rings or registers as told; no media."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

from lab.fake.behaviour import Answer, Phone, Reject, Ring, Subscriber

_SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 8\r\n"


@dataclass
class Dialog:
    """One INVITE that arrived, with what is needed to answer and to end it."""

    invite: dict[str, str]
    vias: list[str]
    peer: tuple[str, int]
    uri: str
    answered: bool = False
    over: bool = False
    timers: list[asyncio.TimerHandle] = field(default_factory=list)


def parse(data: bytes) -> tuple[str, dict[str, str], list[str]]:
    """Start line, headers by lower-case name, and all Via lines of a SIP message."""
    head = data.decode(errors="replace").split("\r\n\r\n", 1)[0].split("\r\n")
    headers: dict[str, str] = {}
    vias: list[str] = []
    for line in head[1:]:
        name, _, value = line.partition(":")
        if name.strip().lower() == "via":
            vias.append(value.strip())
        headers.setdefault(name.strip().lower(), value.strip())
    return head[0], headers, vias


class SipPeer(asyncio.DatagramProtocol):
    """Behaviour by the user part of the called URI: subscribers by number, phones by endpoint name."""

    def __init__(self, behaviours: dict[str, Subscriber | Phone]) -> None:
        self.behaviours = behaviours
        self.dialogs: dict[str, Dialog] = {}
        self.placed: list[str] = []
        self._cseq = 100

    async def start(self, asterisk_port: int) -> int:
        loop = asyncio.get_running_loop()
        self.asterisk = ("127.0.0.1", asterisk_port)
        self.transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self.port = int(self.transport.get_extra_info("sockname")[1])
        return self.port

    def stop(self) -> None:
        for dialog in self.dialogs.values():
            for timer in dialog.timers:
                timer.cancel()
        self.transport.close()

    def register(self, user: str, expires: int) -> None:
        """Bind (or with 0 unbind) the phone of an endpoint to this peer."""
        self._cseq += 1
        self._send(
            [
                f"REGISTER sip:127.0.0.1:{self.asterisk[1]} SIP/2.0",
                f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bKreg{user}{self._cseq}",
                f"From: <sip:{user}@127.0.0.1>;tag=reg{self._cseq}",
                f"To: <sip:{user}@127.0.0.1>",
                f"Call-ID: reg-{user}-{self._cseq}",
                f"CSeq: {self._cseq} REGISTER",
                f"Contact: <sip:{user}@127.0.0.1:{self.port}>;expires={expires}",
                "Max-Forwards: 70",
            ],
            self.asterisk,
        )

    def call(self, user: str, number: str, caller: str) -> None:
        """Call our Asterisk from the trunk; `user` is the name to hang up by."""
        self._cseq += 1
        invite = {
            "from": f"<sip:{caller}@127.0.0.1>;tag=in{self._cseq}",
            "to": f"<sip:{number}@127.0.0.1>",
            "call-id": f"in-{user}-{self._cseq}",
            "cseq": f"{self._cseq} INVITE",
        }
        dialog = Dialog(invite, [], self.asterisk, user)
        self.dialogs[invite["call-id"]] = dialog
        body = _SDP.format(port=self.port)
        self._send(
            [
                f"INVITE sip:{number}@127.0.0.1:{self.asterisk[1]} SIP/2.0",
                f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bKinv{self._cseq}",
                f"From: {invite['from']}",
                f"To: {invite['to']}",
                f"Call-ID: {invite['call-id']}",
                f"CSeq: {invite['cseq']}",
                f"Contact: <sip:{caller}@127.0.0.1:{self.port}>",
                "Max-Forwards: 70",
                "Content-Type: application/sdp",
            ],
            self.asterisk,
            body,
        )

    def _confirm(self, headers: dict[str, str], addr: tuple[str, int]) -> None:
        """ACK the 200 of a call of ours; from here on our side of the dialog is the 'To' of `_bye`."""
        dialog = self.dialogs[headers["call-id"]]
        dialog.answered = True
        dialog.invite = {
            "from": headers["to"],
            "to": headers["from"],
            "call-id": headers["call-id"],
            "contact": headers["contact"],
        }
        contact = re.search(r"<([^>]+)>", headers["contact"])
        assert contact is not None
        number = headers["cseq"].split()[0]
        self._send(
            [
                f"ACK {contact.group(1)} SIP/2.0",
                f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bKack{number}",
                f"From: {headers['from']}",
                f"To: {headers['to']}",
                f"Call-ID: {headers['call-id']}",
                f"CSeq: {number} ACK",
                "Max-Forwards: 70",
            ],
            addr,
        )

    def hang_up(self, user: str) -> None:
        """End the newest answered call of a user."""
        for dialog in reversed(list(self.dialogs.values())):
            if dialog.answered and not dialog.over and dialog.uri == user:
                self._bye(dialog)
                return
        raise LookupError(user)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        start, headers, vias = parse(data)
        if start.startswith("SIP/2.0"):
            if "INVITE" in headers["cseq"] and start.split()[1] == "200":
                self._confirm(headers, addr)
            return
        method = start.split(" ", 1)[0]
        if (call := headers.get("call-id")) is None:
            return  # a keep-alive
        if method == "INVITE":
            found = re.match(r"INVITE sip:([^@;>]+)@", start)
            assert found is not None
            if call not in self.dialogs:
                self.dialogs[call] = Dialog(headers, vias, addr, found.group(1))
                self.placed.append(found.group(1))
                self._behave(self.dialogs[call])
        elif method == "CANCEL":
            dialog = self.dialogs[call]
            self._respond(headers, vias, addr, 200)
            if not dialog.answered and not dialog.over:
                dialog.over = True
                self._reply(dialog, 487)
        elif method == "BYE":
            self.dialogs[call].over = True
            self._respond(headers, vias, addr, 200)
        elif method != "ACK":
            self._respond(headers, vias, addr, 200)

    def _behave(self, dialog: Dialog) -> None:
        behaviour = self.behaviours[dialog.uri]
        self._reply(dialog, 100)
        if not isinstance(behaviour, Reject):
            self._later(dialog, behaviour.ring_after, lambda: self._reply(dialog, 180))
        match behaviour:
            case Reject(code=code, after=after):
                self._later(dialog, after, lambda: self._refuse(dialog, code))
            case Ring():
                pass
            case Answer(after=after, hang_up_after=hang_up_after):
                self._later(dialog, after, lambda: self._answer(dialog, hang_up_after))
            case Phone(reject=int(code), answer_after=after):
                self._later(dialog, after or 0.0, lambda: self._refuse(dialog, code))
            case Phone(answer_after=float(after)):
                self._later(dialog, after, lambda: self._answer(dialog, None))

    def _later(self, dialog: Dialog, delay: float, action: object) -> None:
        assert callable(action)

        def run() -> None:
            if not dialog.over:
                action()

        dialog.timers.append(asyncio.get_running_loop().call_later(delay, run))

    def _refuse(self, dialog: Dialog, code: int) -> None:
        dialog.over = True
        self._reply(dialog, code)

    def _answer(self, dialog: Dialog, hang_up_after: float | None) -> None:
        dialog.answered = True
        self._reply(dialog, 200, _SDP.format(port=self.port))
        if hang_up_after is not None:
            self._later(dialog, hang_up_after, lambda: self._bye(dialog))

    def _reply(self, dialog: Dialog, code: int, body: str = "") -> None:
        self._respond(dialog.invite, dialog.vias, dialog.peer, code, body)

    def _respond(
        self, request: dict[str, str], vias: list[str], addr: tuple[str, int], code: int, body: str = ""
    ) -> None:
        to = request["to"] if code == 100 or "tag=" in request["to"] else request["to"] + ";tag=peer"
        lines = [
            f"SIP/2.0 {code} Status",
            *(f"Via: {via}" for via in vias),
            f"From: {request['from']}",
            f"To: {to}",
            f"Call-ID: {request['call-id']}",
            f"CSeq: {request['cseq']}",
            f"Contact: <sip:127.0.0.1:{self.port}>",
        ]
        if body:
            lines.append("Content-Type: application/sdp")
        self._send(lines, addr, body)

    def _bye(self, dialog: Dialog) -> None:
        dialog.over = True
        self._cseq += 1
        contact = re.search(r"<([^>]+)>", dialog.invite["contact"])
        assert contact is not None
        local = dialog.invite["to"]
        self._send(
            [
                f"BYE {contact.group(1)} SIP/2.0",
                f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bKbye{self._cseq}",
                f"From: {local if 'tag=' in local else local + ';tag=peer'}",
                f"To: {dialog.invite['from']}",
                f"Call-ID: {dialog.invite['call-id']}",
                f"CSeq: {self._cseq} BYE",
                "Max-Forwards: 70",
            ],
            dialog.peer,
        )

    def _send(self, lines: list[str], addr: tuple[str, int], body: str = "") -> None:
        text = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body])
        self.transport.sendto(text.encode(), addr)
