"""What the verbs promise, on paper: keys in, prompts out."""

import wave
from pathlib import Path

import pytest

from agi.paper import HANGS_UP, PaperSession, Row
from agi.session import CallFacts, HungUp, Place, Session, Variable
from sounds.phrase import Prompt

CALL = CallFacts("pz1-1", line="main", number="+74951234567", language="en")
PLACES = {Place.GROUP: {"sales"}, Place.LINE: {"main"}}


HELLO, MENU, ORDER, SCALE = Prompt("hello"), Prompt("menu"), Prompt("order"), Prompt("scale")


def paper(*answers: str, **how: object) -> PaperSession:
    return PaperSession(CALL, PLACES, answers, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answers", "got"),
    [
        (["10"], "10"),
        (["1"], "1"),
        (["7"], "7"),
        (["10#"], "10"),
        (["7#"], "7"),
        ([""], ""),
        (["#"], ""),
        ([], ""),
    ],
)
async def test_a_scale_of_ten_is_typed_as_one_and_zero(answers: list[str], got: str) -> None:
    assert await paper(*answers).ask(SCALE, length=2, keys="0123456789") == got


@pytest.mark.parametrize(
    ("answer", "seconds"), [("7", 2.0), ("7#", 0.0), ("10", 0.0), ("", 2.0 + 5.0), ("*", 2.0 + 5.0)]
)
async def test_a_question_ends_when_it_has_its_keys_or_waited_for_them(answer: str, seconds: float) -> None:
    caller = paper(answer, start=100.0)
    await caller.ask(SCALE, length=2, keys="0123456789")
    assert caller.clock() == 100.0 + seconds


async def test_who_knows_the_menus_types_through_them() -> None:
    caller = paper("129")
    assert [await caller.ask(Prompt(f"menu{n}")) for n in range(4)] == ["1", "2", "9", ""]
    assert caller.heard == ["menu0", "menu3"]


async def test_a_key_during_a_prompt_that_does_not_listen_is_the_next_questions() -> None:
    caller = paper("7", during={"hello": "2"})
    assert await caller.say(HELLO) == ""
    assert await caller.ask(MENU, keys="12") == "2"
    assert caller.heard == ["hello"]


async def test_what_was_typed_ahead_and_does_not_fit_the_question_is_no_answer_to_it() -> None:
    caller = paper("1", during={"hello": "5*"})
    await caller.say(HELLO)
    assert await caller.ask(MENU, keys="12") == "1"
    assert caller.heard == ["hello", "menu"]


async def test_a_key_that_is_no_answer_is_not_the_next_questions_either() -> None:
    caller = paper("51")
    assert await caller.ask(MENU, keys="12") == "1"
    assert await caller.ask(ORDER) == ""


async def test_a_question_that_must_not_be_answered_by_a_key_too_many_forgets_them() -> None:
    caller = paper("11", "")
    assert await caller.ask(ORDER) == "1"
    assert await caller.ask(Prompt("sure"), fresh=True) == ""
    assert caller.heard == ["order", "sure"]


async def test_only_its_keys_interrupt_a_message() -> None:
    caller = paper("0", during={"hello": "5"})
    assert await caller.say(HELLO, ORDER, keys="9") == ""
    assert await caller.say(ORDER, MENU, keys="0") == "0"
    assert caller.heard == ["hello", "order", "order"]


async def test_an_answer_waits_for_the_question_it_fits() -> None:
    caller = paper("2")
    assert await caller.say(HELLO, keys="0") == ""
    assert await caller.ask(MENU) == "2"


async def test_without_a_prompt_keys_are_gathered_too() -> None:
    assert await paper("42#").ask(length=5) == "42"


async def test_after_a_hang_up_every_verb_says_so() -> None:
    caller = paper(HANGS_UP)
    with pytest.raises(HungUp):
        await caller.ask(MENU)
    for verb in (
        caller.say(HELLO), caller.ask(HELLO), caller.record("r", 1, 1), caller.go(Place.GROUP, "sales"),
        caller.put(Variable.PRIORITY, "5"), caller.get(Variable.PRIORITY), caller.hang_up(),
    ):  # fmt: skip
        with pytest.raises(HungUp):
            await verb
    assert caller.table == [Row(0.0, "gone")]


async def visit(caller: Session) -> None:
    await caller.say(HELLO)
    await caller.put(Variable.LANGUAGE, "ru")
    if await caller.ask(MENU, length=2) == "12":
        await caller.record("r", 10, 2)
    await caller.go(Place.GROUP, "sales")


async def test_a_hang_up_can_be_had_at_every_step() -> None:
    whole = paper("12")
    await visit(whole)
    assert [row.did for row in whole.table if row.did != "key"] == ["say", "put", "say", "record", "go"]
    assert whole.steps == 5
    for step in range(1, whole.steps + 1):
        caller = paper("12", hang_up_at=step)
        with pytest.raises(HungUp):
            await visit(caller)
        assert caller.gone
        assert caller.steps == step


async def test_what_was_said_before_a_hang_up_is_kept(tmp_path: Path) -> None:
    caller = paper(HANGS_UP, folder=tmp_path, speaks=4)
    path = await caller.record("comment-7", longest=30, silence=3)
    assert path is not None
    with wave.open(str(path)) as file:
        assert file.getnframes() == 4 * 8000
    assert caller.clock() == 4.0
    with pytest.raises(HungUp):
        await caller.say(HELLO)


async def test_of_nothing_said_there_is_no_file() -> None:
    assert await paper(speaks=0).record("comment-7", longest=30, silence=3) is None


async def test_a_language_that_is_put_is_spoken_from_then_on() -> None:
    caller = paper()
    await caller.put(Variable.LANGUAGE, "ru")
    assert caller.language == "ru"
    assert await caller.get(Variable.LANGUAGE) == "ru"


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a b", "Ä", "x" * 65, "a.wav"])
async def test_a_recording_is_named_by_ids_alone(name: str) -> None:
    with pytest.raises(ValueError, match="no name for a recording"):
        await paper().record(name, 1, 1)


async def test_a_caller_is_sent_only_where_the_site_has_something() -> None:
    caller = paper()
    with pytest.raises(ValueError, match="no group 'main'"):
        await caller.go(Place.GROUP, "main")
    await caller.go(Place.LINE, "main")
    assert caller.went == (Place.LINE, "main")


@pytest.mark.parametrize("value", ["a b", "a,b", "${X}", "x\n", '"', "x" * 129])
async def test_a_variable_takes_a_word_and_nothing_that_the_dialplan_reads(value: str) -> None:
    with pytest.raises(ValueError, match="holds more than"):
        await paper().put(Variable.CALLER_CLASS, value)
    with pytest.raises(ValueError, match="no language"):
        await paper().put(Variable.LANGUAGE, value)
