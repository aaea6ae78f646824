"""A caller who speaks SIP for themselves, and may send in a call what no telephone would."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from lab.city_files import trunk_address
from lab.pair import Pair
from lab.party import Party
from sounds.catalogue import sounds_dir
from tests.lab_fake.sip_peer import parse

_RTP_HEADER = 12
_ADDRESS = trunk_address(0)  # our Asterisk knows the carrier by its address, whatever the port


class SipCaller(Party):
    """Listens as every party does; keys travel as SIP INFO. Says nothing and sends no sound."""

    def __init__(self, pair: Pair, did: str, number: str) -> None:
        site = pair.site
        super().__init__(sounds_dir(), site.system.language, self._press)
        self._us = site.system.sip.bind, site.system.sip.port
        self._uri = self._to = f"sip:{did}@{self._us[0]}:{self._us[1]}"
        self._from = f"<sip:{number}@{_ADDRESS}>;tag=caller"
        self._to = f"<{self._uri}>"
        self._call = f"{self.id}@{_ADDRESS}"
        self._serial = 0
        self._codes: dict[int, asyncio.Future[int]] = {}

    async def dial(self) -> None:
        self._sip, port = await _socket(self._sip_came)
        self._rtp, rtp_port = await _socket(lambda data: self._hear(data[_RTP_HEADER:]))
        self._contact = f"<sip:{_ADDRESS}:{port}>"
        self._via = f"Via: SIP/2.0/UDP {_ADDRESS}:{port};branch=z9hG4bK{self.id.hex}"
        here = f"c=IN IP4 {_ADDRESS}\r\nt=0 0\r\nm=audio {rtp_port} RTP/AVP 8\r\n"
        offer = f"v=0\r\no=- 1 1 IN IP4 {_ADDRESS}\r\ns=-\r\n{here}"
        self._request("INVITE", offer.encode(), "application/sdp")
        await self.until_answered()

    async def info(self, body: bytes, kind: str) -> int:
        """Send SIP INFO with that body and type of content; the code of the answer. Raises `TimeoutError`."""
        serial = self._request("INFO", body, kind)
        async with asyncio.timeout(5.0):
            return await self._codes[serial]

    async def hang_up(self) -> None:
        if self.answered and not self.over:
            self._request("BYE")
            self._over.set()

    async def _press(self, key: str) -> None:
        assert await self.info(f"Signal={key}\r\nDuration=120\r\n".encode(), "application/dtmf-relay") == 200

    def close(self) -> None:
        self._sip.close()
        self._rtp.close()

    def _request(self, method: str, body: bytes = b"", kind: str = "", serial: int = 0) -> int:
        if not serial:
            self._serial = serial = self._serial + 1
            self._codes[serial] = asyncio.get_running_loop().create_future()
        lines = [
            f"{method} {self._uri} SIP/2.0",
            f"{self._via}{method}{serial}",
            f"From: {self._from}",
            f"To: {self._to}",
            f"Call-ID: {self._call}",
            f"CSeq: {serial} {method}",
            f"Contact: {self._contact}",
            "Max-Forwards: 70",
            *([f"Content-Type: {kind}"] if kind else []),
        ]
        self._send(lines, body)
        return serial

    def _sip_came(self, data: bytes) -> None:
        start, headers, vias = parse(data)
        if start.startswith("SIP/2.0"):
            self._answer_came(int(start.split()[1]), headers)
            return
        method = start.split()[0]
        if method != "ACK":
            names = [f"{name.title()}: {headers[name]}" for name in ("from", "to", "call-id", "cseq")]
            self._send(["SIP/2.0 200 OK", *(f"Via: {via}" for via in vias), *names])
        if method == "BYE":
            self._over.set()

    def _answer_came(self, code: int, headers: dict[str, str]) -> None:
        if code < 200:
            return
        number, method = headers["cseq"].split()
        if method == "INVITE":
            assert code == 200, code
            contact = re.search(r"<([^>]+)>", headers["contact"])
            assert contact is not None
            self._uri, self._to = contact[1], headers["to"]
            self._request("ACK", serial=int(number))
            if not self.answered:
                self._began = asyncio.get_running_loop().time()
                self._there.set()
        answer = self._codes[int(number)]
        if not answer.done():
            answer.set_result(code)

    def _send(self, lines: list[str], body: bytes = b"") -> None:
        head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""])
        self._sip.sendto(head.encode() + body, self._us)


@asynccontextmanager
async def sip_caller(pair: Pair, did: str, number: str) -> AsyncIterator[SipCaller]:
    """Somebody who calls the line `did`, and hangs up on leaving."""
    caller = SipCaller(pair, did, number)
    try:
        await caller.dial()
        yield caller
    finally:
        await caller.hang_up()
        caller.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        self._take(data)


async def _socket(take: Callable[[bytes], None]) -> tuple[asyncio.DatagramTransport, int]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(take), local_addr=(_ADDRESS, 0))
    return transport, transport.get_extra_info("sockname")[1]
