"""Each known defect of pyst2 0.5.1's AGI, shown on the plain package, and our guarded one without it.

The plain half asserts the defect: should a new pyst2 mend it, that half fails, and a guard can go.
"""

import io
import subprocess
import sys
import threading
from typing import Any

import pytest
from asterisk.agi import (
    AGI,
    AGIAppError,
    AGIDBError,
    AGIHangup,
    AGIInvalidCommand,
    AGIResultHangup,
    AGIUnknownError,
    AGIUsageError,
)

from agi.classic import GuardedAGI

both = pytest.mark.parametrize("side", ["pyst2", "ours"])

ENV = "agi_request: x\nagi_channel: PJSIP/1\nagi_language: ru\n\n"


class Plain(AGI):  # type: ignore[misc]
    """pyst2's own, but for its signal handler and its noise."""

    def __init__(self, said: str) -> None:
        self.stdin, self.stdout, self.stderr = io.StringIO(ENV + said), io.StringIO(), io.StringIO()
        self._got_sighup = False
        self.env: dict[str, str] = {}
        self._get_agi_env()


def made(side: str, said: str = "") -> tuple[Any, Any]:
    """An AGI to which Asterisk says so, and what is written to it: call that to read."""
    if side == "pyst2":
        plain = Plain(said)
        return plain, plain.stdout.getvalue
    out = io.BytesIO()
    return GuardedAGI.of_process(io.BytesIO((ENV + said).encode()), out), lambda: out.getvalue().decode()


def test_s1_the_fastagi_module_does_not_exist_on_python_3() -> None:
    """So the daemon's own server carries the scripts."""
    with pytest.raises(ModuleNotFoundError):
        __import__("asterisk.fastagi")


@both
def test_s2_it_works_in_the_main_thread_alone(side: str) -> None:
    met: list[BaseException | str] = []

    def work() -> None:
        try:
            if side == "pyst2":
                AGI(io.StringIO(ENV), io.StringIO(), io.StringIO())
            else:
                met.append(made(side)[0].env["agi_channel"])
        except ValueError as error:
            met.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert isinstance(met[0], ValueError) if side == "pyst2" else met == ["PJSIP/1"]


@both
def test_s3_streams_of_bytes_as_sockets_have_them(side: str) -> None:
    agi, written = made(side, "200 result=0\n")
    if side == "pyst2":
        agi.stdout = io.BytesIO()
        with pytest.raises(TypeError):
            agi.answer()
    else:
        agi.answer()
        assert written() == "ANSWER\n"


@both
@pytest.mark.parametrize("said", ["HANGUP\n200 result=-1\n", ""])
def test_s4_a_hangup_in_a_command_is_a_value_error(side: str, said: str) -> None:
    agi, written = made(side, said)
    with pytest.raises(ValueError if side == "pyst2" else AGIAppError):
        agi.stream_file("x")
    if side == "ours":
        before = written()
        with pytest.raises(AGIHangup):
            agi.stream_file("y")
        assert written() == before


S5 = """
import io, resource, sys
from asterisk.agi import AGI
from agi.classic import GuardedAGI
said = "agi_channel: x\\n\\n520-Invalid command syntax.  Proper usage follows:\\nUsage: x\\n"
if sys.argv[1] == "pyst2":
    agi = AGI(io.StringIO(said), io.StringIO(), io.StringIO())
else:
    agi = GuardedAGI.of_process(io.BytesIO(said.encode()), io.BytesIO())
held = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + (8 << 20),) * 2)  # soon gone
agi.execute("X")
"""


@both
def test_s5_an_end_within_a_usage_text_is_waited_for_until_memory_is_gone(side: str) -> None:
    done = subprocess.run([sys.executable, "-c", S5, side], capture_output=True, text=True, timeout=60)
    ended = done.stderr.strip().splitlines()[-1]
    assert ended.startswith("MemoryError" if side == "pyst2" else "asterisk.agi.AGIHangup"), done.stderr


@both
def test_s6_a_quote_or_line_break_in_an_argument_becomes_another_command(side: str) -> None:
    agi, written = made(side, "200 result=1\n")
    value = 'x"\nEXEC System reboot'
    if side == "pyst2":
        agi.set_variable("A", value)
        assert written().splitlines()[1] == 'EXEC System reboot"'
    else:
        with pytest.raises(ValueError, match="line break"):
            agi.set_variable("A", value)
        agi.set_variable("A", 'say "hi" \\')
        assert written() == 'SET VARIABLE "A" "say \\"hi\\" \\\\"\n'


@both
def test_s6_a_files_name_is_not_quoted(side: str) -> None:
    agi, written = made(side, "200 result=0 endpos=5\n")
    agi.stream_file('my file" 9 0')
    plain = 'STREAM FILE my file" 9 0 "" 0\n'
    assert written() == (plain if side == "pyst2" else 'STREAM FILE "my file\\" 9 0" "" "0"\n')


@both
def test_s7_the_database_is_asked_with_quotes_in_its_quotes(side: str) -> None:
    agi, written = made(side, "200 result=1 (value)\n200 result=0\n")
    assert agi.database_get("fam", "key") == "value"
    asked = '""fam"" ""key""' if side == "pyst2" else '"fam" "key"'
    assert written() == f"DATABASE GET {asked}\n"
    with pytest.raises(AGIDBError):
        agi.database_get("fam", "other")


@both
def test_s7_a_recording_that_ran_out_ends_with_the_key_nul(side: str) -> None:
    agi, _ = made(side, "200 result=0 (timeout) endpos=160\n200 result=35 (dtmf) endpos=160\n")
    assert agi.record_file("f", "wav") == ("\0" if side == "pyst2" else "")
    assert agi.record_file("f", "wav") == "#"


@both
def test_s7_the_value_hangup_is_a_hangup_and_a_hangup_the_value(side: str) -> None:
    agi, _ = made(side, "200 result=1 (hangup)\n")
    assert agi.get_variable("A") == "hangup"
    agi, _ = made(side, "HANGUP\n")
    with pytest.raises((ValueError, AGIUnknownError) if side == "pyst2" else AGIHangup):
        agi.get_variable("A")
    agi, _ = made(side, "200 result=-1 (hangup) endpos=8000\n")
    with pytest.raises(AGIResultHangup):
        agi.record_file("f", "wav")


@both
def test_s8_it_writes_every_line_to_standard_error(side: str, capsys: pytest.CaptureFixture[str]) -> None:
    agi, _ = made(side, "200 result=0\n")
    agi.answer()
    noise = agi.stderr.getvalue() if side == "pyst2" else capsys.readouterr().err
    assert bool(noise) == (side == "pyst2")


def test_an_unknown_command_and_a_wrong_one_are_told_apart() -> None:
    agi, _ = made(
        "ours", "510 Invalid or unknown command\n520-Invalid.\nUsage: x\n520 End of proper usage.\n"
    )
    with pytest.raises(AGIInvalidCommand):
        agi.execute("X")
    with pytest.raises(AGIUsageError, match="Usage: x"):
        agi.execute("Y")


def test_all_verbs_of_pyst2_come_out_as_asterisk_wants_them() -> None:
    agi, written = made("ours", "200 result=1 (x)\n" * 20)
    agi.say_number(5)
    agi.say_digits("12", "#")
    agi.wait_for_digit(2000)
    agi.get_data("file", 3000, 4)
    agi.appexec("Playback", "beep")
    agi.goto_on_exit("c", "e", "1")
    agi.verbose("hi", 3)
    agi.hangup()
    agi.get_full_variable("${CHANNEL}")
    assert written().splitlines() == [
        'SAY NUMBER "5" ""', 'SAY DIGITS "12" "#"', 'WAIT FOR DIGIT "2000"', 'GET DATA "file" "3000" "4"',
        'EXEC "Playback" "beep"',
        'SET CONTEXT "c"', 'SET EXTENSION "e"', 'set priority "1"', 'VERBOSE "hi" "3"',
        "HANGUP", 'GET FULL VARIABLE "${CHANNEL}"',
    ]  # fmt: skip
