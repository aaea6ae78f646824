"""The AMI wire: framing, messages, actions, and one connection; panoramisk's classes, guarded.

What is kept of panoramisk: its case-insensitive messages, its action ids, futures and rendering, and its
protocol's place under the `Manager`. What is replaced, and why, stands at each override; P1 to P19 are the
defects that tests/ami_daemon/test_panoramisk_defects.py shows.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import structlog
from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message as PanoramiskMessage
from panoramisk.utils import CaseInsensitiveDict

MAX_MESSAGE = 4 << 20  # bytes; Asterisk's longest answers (core show channels) stay far below
MAX_LINE = 1022  # bytes without CR LF: Asterisk 22 refuses longer lines, older ones cut them
MAX_HEADERS = 128
MAX_BANNER = 256
BURST = 128  # messages handled before other tasks get their turn

log = structlog.get_logger(__name__)


class LinkError(Exception):
    """Something about the link to Asterisk."""


class NotConnected(LinkError):
    """The action was certainly not written: there is no link, or Asterisk does not read."""


class ConnectionLost(LinkError):
    """The link broke after the action was written: whether Asterisk carried it out is unknown."""


class ActionTimeout(LinkError):
    """No answer in time: whether Asterisk carried the action out is unknown."""


class ActionFailed(LinkError):
    """Asterisk answered with an error, which is in `reply`."""

    def __init__(self, action: str, reply: "Message") -> None:
        super().__init__(f"{action}: {reply.text('Message', 'no reason given')}")
        self.reply = reply


@dataclass(slots=True)
class LinkCounters:
    """Totals since the start, for metrics. `last_event_at` is epoch seconds."""

    bytes: int = 0
    events: int = 0
    handler_errors: int = 0
    malformed_events: int = 0
    orphan_responses: int = 0
    resyncs: int = 0
    sync_seconds: float = 0.0
    last_event_at: float | None = None


class Framer:
    """Cuts a byte stream into messages without their terminators. ValueError when one exceeds `limit`."""

    _END = re.compile(rb"\r\n\r?\n")  # some list ends of Asterisk 18 and 20 are \r\n\n

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        self._limit = limit
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that `data` completes."""
        if self._rest:
            seen = max(len(self._rest) - 3, 0)  # a terminator may lie across the seam
            self._rest += data
            if self._END.search(self._rest, seen) is None:
                self._check()
                return []
            data = bytes(self._rest)
        *frames, rest = self._END.split(data)
        self._rest = bytearray(rest)
        self._check()
        return frames

    def _check(self) -> None:
        if len(self._rest) > self._limit:
            raise ValueError(f"a message of more than {self._limit} bytes")


class Message(PanoramiskMessage):  # type: ignore[misc]  # panoramisk has no types
    """A response or a list's item: a mapping of header to str, or to a list of str where it is repeated.

    Names are case-insensitive. There is no attribute access: in panoramisk it is shadowed by the mapping's
    own methods and gives '' for a name that is mistyped (P14). `raw` is the message as it came.
    """

    raw: bytes

    def __init__(self, frame: bytes) -> None:
        headers: dict[str, str | list[str]] = {}
        for line in frame.decode("utf-8", "replace").split("\r\n"):
            name, colon, value = line.partition(":")
            if not colon:
                continue
            value = value.removeprefix(" ")
            before = headers.get(name)
            if before is None:
                headers[name] = value
            elif isinstance(before, list):
                before.append(value)
            else:
                headers[name] = [before, value]
        CaseInsensitiveDict.__init__(self, headers)  # Message's own would overwrite a header named Content
        self.raw = frame

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"messages have no attribute {name}; use text({name!r})")

    def text(self, name: str, default: str = "") -> str:
        """A header's value, the first where it is repeated, `default` where it is absent."""
        return next(iter(self.texts(name)), default)

    def texts(self, name: str) -> list[str]:
        """All values of a header, in order."""
        value = self.get(name, [])
        return value if isinstance(value, list) else [value]


Reply = Message
Headers = Mapping[str, str | int | Sequence[str]]


class LinkAction(Action):  # type: ignore[misc]  # panoramisk has no types
    """An action that Asterisk can read whole, and one rule for when it is answered.

    ValueError for CR, LF or NUL (P1), over-long lines and too many headers, before anything is written.
    """

    def __init__(self, name: str, headers: Headers, *, listing: bool = False) -> None:
        super().__init__({"Action": name})
        self.listing = listing
        for header, value in headers.items():
            if header.lower() in ("action", "actionid") or not re.fullmatch(
                r"[A-Za-z][\w-]*", header, re.ASCII
            ):
                raise ValueError(f"{name}: {header!r} cannot be a header; use letters, digits, - and _")
            values = [value] if isinstance(value, str | int) else value
            self[header] = [self._checked(name, header, str(text)) for text in values]
        self._checked(name, "Action", name)
        if (count := str(self).count("\r\n") - 1) > MAX_HEADERS:
            raise ValueError(f"{name}: {count} headers; Asterisk reads at most {MAX_HEADERS}")

    @staticmethod
    def _checked(name: str, header: str, value: str) -> str:
        if bad := set(value) & {"\r", "\n", "\0"}:
            raise ValueError(f"{name}: {header} holds {bad.pop()!r}; a value is one line of text")
        if (size := len(f"{header}: {value}".encode("utf-8", "strict"))) > MAX_LINE:
            raise ValueError(
                f"{name}: {header} makes a line of {size} bytes; Asterisk reads at most {MAX_LINE}"
            )
        return value

    def fail(self, error: LinkError) -> None:
        """Ends the action with `error`, unless it has ended."""
        if not self.future.done():
            self.future.set_exception(error)

    def add_message(self, message: Message) -> bool:
        """Takes an answer; True when there is no more to come.

        panoramisk guesses from the wording of `Message` (P6, P7) and raises where it is repeated (P14). Here
        a plain action ends with its response, and a list with `EventList: Complete`, nothing else.
        """
        if self.future.done():
            return True
        if "event" not in message:
            if message.text("Response") == "Error" or (self.listing and not message.text("EventList")):
                self.fail(ActionFailed(self["action"], message))
            elif not self.listing:
                self.future.set_result(message)
        elif message.text("EventList") == "Complete":
            self.future.set_result(self.responses)
        elif message.text("EventList"):  # Cancelled
            self.fail(ActionFailed(self["action"], message))
        else:
            self.responses.append(message)
        return bool(self.future.done())


class LinkProtocol(AMIProtocol):  # type: ignore[misc]  # panoramisk has no types
    """One connection. It ends once, by `lose()`, and is not used again.

    Nearly all of `AMIProtocol` is overridden: it decodes and parses every chunk before it knows whether any
    handler wants the event (slow, and P8), and its send, close and connection_lost keep actions for a second
    sending (P3, P4). `deliver(name, frame, received)` gets each event whose name is in `wanted`, in order; it
    is there from the start (P19).
    """

    transport: asyncio.Transport
    closed: bool
    version: str | None
    responses: dict[str, LinkAction]

    def __init__(
        self,
        wanted: Container[bytes],
        deliver: Callable[[bytes, bytes, float], None],
        clock: Callable[[], float],
        counters: LinkCounters,
    ) -> None:
        self._wanted = wanted
        self._deliver = deliver
        self._clock = clock
        self._counters = counters
        self._loop = asyncio.get_running_loop()
        self._framer = Framer()
        self._frames: deque[bytes] = deque()
        self._lists: dict[str, LinkAction] = {}
        self._banner = b""
        self._working = False
        self._received = 0.0
        self._writable = asyncio.Event()
        self._writable.set()
        self.heard = self._loop.time()
        """Loop time of the last byte from Asterisk."""
        self.greeted: asyncio.Future[None] = self._loop.create_future()
        """Done when Asterisk's banner is there, or the connection has ended."""
        self.lost: asyncio.Future[str] = self._loop.create_future()
        """Done when the connection has ended; why."""

    def send(self, data: LinkAction, timeout: float) -> asyncio.Future[object]:
        """Writes an action; its future ends at the answer, after `timeout` seconds, or with the connection.

        NotConnected where it was not written. Unlike panoramisk's, the action is forgotten when its future is
        done for whatever reason (P3), and a failed write is no secret (P17).
        """
        if self.closed or self.transport.is_closing():
            raise NotConnected(f"{data['action']}: not sent, the link to Asterisk is down")
        self.transport.write(str(data).encode())
        self.responses[data.id] = data
        if data.listing:
            self._lists[data.id] = data
        error = ActionTimeout(f"{data['action']}: no answer in {timeout:g} s")
        timer = self._loop.call_later(timeout, data.fail, error)

        def forget(_: object) -> None:
            timer.cancel()
            self.responses.pop(data.id, None)
            self._lists.pop(data.id, None)

        data.future.add_done_callback(forget)
        return cast(asyncio.Future[object], data.future)

    async def writable(self) -> None:
        """Waits while Asterisk does not read what was written."""
        await self._writable.wait()

    def lose(self, why: str) -> None:
        """Ends the connection now. What was sent and not answered fails with ConnectionLost."""
        if self.closed:
            return
        self.closed = True
        self._frames.clear()
        for action in list(self.responses.values()):
            action.fail(ConnectionLost(f"{action['action']}: {why}"))
        self.responses.clear()
        self._lists.clear()
        self._writable.set()
        self.lost.set_result(why)
        if not self.greeted.done():
            self.greeted.set_result(None)
        self.transport.abort()

    def close(self) -> None:
        """Ends the connection; panoramisk's own would queue the open actions to be sent again (P4)."""
        self.lose("the link was closed")

    # What asyncio calls

    def connection_lost(self, exc: Exception | None) -> None:
        self.lose(f"the connection broke: {exc}" if exc else "Asterisk closed the connection")

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        self.heard = self._loop.time()
        self._received = self._clock()
        self._counters.bytes += len(data)
        if self.version is None:
            data = self._greet(data)
        if self.closed or not data:
            return
        try:
            self._frames.extend(self._framer.feed(data))
        except ValueError as error:
            self.lose(str(error))
        if not self._working:
            self._work()

    def _greet(self, data: bytes) -> bytes:
        """Reads the banner; what follows it."""
        self._banner += data
        line, end, rest = self._banner.partition(b"\n")
        if line.startswith(b"Asterisk Call Manager/") and end:
            self.version = line.partition(b"/")[2].strip().decode("ascii", "replace")
            self.greeted.set_result(None)
            return rest
        if end or len(line) > MAX_BANNER:
            self.lose("what answers is no Asterisk manager interface")
        return b""

    def _work(self) -> None:
        """Handles a burst; the rest after other tasks had their turn (P18), reading no more meanwhile."""
        frames, wanted = self._frames, self._wanted
        for _ in range(min(BURST, len(frames))):
            frame = frames.popleft()
            if not frame.startswith(b"Event: "):
                # Some events (TestEvent of a build with tests, as Debian's is) end with a blank line more.
                frame = frame.lstrip(b"\r\n")
                if not frame.startswith(b"Event: "):
                    self._respond(frame)
                    continue
            end = frame.find(b"\r", 7)
            name = frame[7:end] if end > 0 else frame[7:]
            if self._lists and self._list(frame):
                continue
            if name in wanted:
                if frame.startswith(b"ActionID: ", end + 2):  # an item of a list that nobody awaits any more
                    self._counters.orphan_responses += 1
                    continue
                self._deliver(name, frame, self._received)
                if self.closed:
                    return
        if frames:
            if not self._working:
                self._working = True
                self.transport.pause_reading()
            self._loop.call_soon(self._work)
        elif self._working:
            self._working = False
            if not self.transport.is_closing():
                self.transport.resume_reading()

    def _respond(self, frame: bytes) -> None:
        if not (frame := frame.strip(b"\r\n")):
            return
        message = Message(frame)
        action = self.responses.get(message.text("ActionID"))
        if action is None:
            self._counters.orphan_responses += 1
            log.debug("ami_orphan_response", message=message.text("Message"))
        else:
            action.add_message(message)

    def _list(self, frame: bytes) -> bool:
        """Whether the event belongs to a list that is being read."""
        at = frame.find(b"\r\nActionID: ")
        if at < 0:
            return False
        action = self._lists.get(frame[at + 12 :].partition(b"\r")[0].decode("utf-8", "replace"))
        if action is None:
            return False
        action.add_message(Message(frame))
        return True
