from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from dialplan.apply import earlier
from dialplan.revisions import KEPT, Entry, RevisionError, Revisions


def entry(revision: str, previous: str | None = None) -> Entry:
    return Entry(revision, previous, "2026-01-01T00:00:00+00:00", "me", "why")


@pytest.fixture
def revisions(tmp_path: Path) -> Revisions:
    found = Revisions(tmp_path)
    with found.locked():
        return found


def test_a_revision_is_whole_private_and_switched_at_once(revisions: Revisions) -> None:
    assert revisions.current is None
    revisions.write("aaa", {"a.conf": "один\n", "b.conf": ""})
    revisions.switch("aaa")
    assert revisions.current == "aaa"
    assert revisions.read("aaa") == {"a.conf": "один\n", "b.conf": ""}
    assert (revisions.folder / "aaa").stat().st_mode & 0o777 == 0o750
    assert (revisions.folder / "aaa/a.conf").stat().st_mode & 0o777 == 0o640
    assert (revisions.folder / "current/a.conf").read_text() == "один\n"
    revisions.write("bbb", {"a.conf": "two"})
    assert (revisions.folder / "current/a.conf").read_text() == "один\n"
    revisions.switch("bbb")
    assert (revisions.folder / "current/a.conf").read_text() == "two"


def test_writing_again_mends_what_was_edited_by_hand(revisions: Revisions) -> None:
    revisions.write("aaa", {"a.conf": "good"})
    (revisions.folder / "aaa/a.conf").write_text("bad")
    (revisions.folder / "aaa/extra.conf").write_text("extra")
    revisions.write("aaa", {"a.conf": "good"})
    assert revisions.read("aaa") == {"a.conf": "good"}


def test_a_crash_in_the_middle_of_writing_leaves_no_half_revision(revisions: Revisions) -> None:
    partial = revisions.folder / ".aaa.partial"
    partial.mkdir()
    (partial / "a.conf").write_text("ha")
    revisions.write("aaa", {"a.conf": "whole"})
    assert revisions.read("aaa") == {"a.conf": "whole"}
    assert not partial.exists()


def test_a_folder_in_the_place_of_our_link_is_refused(revisions: Revisions) -> None:
    (revisions.folder / "current").mkdir()
    with pytest.raises(RevisionError, match="no symlink"):
        _ = revisions.current


def test_a_revision_that_is_gone_is_named(revisions: Revisions) -> None:
    with pytest.raises(RevisionError, match="zzz is not there"):
        revisions.read("zzz")


def test_only_one_may_apply_at_a_time(revisions: Revisions) -> None:
    with (revisions.folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(RevisionError, match="another apply"), revisions.locked():
            pass
    with revisions.locked():
        pass


def test_history_survives_a_cut_line_and_names_earlier_revisions(revisions: Revisions) -> None:
    for name in ("aaa", "bbb", "ccc"):
        revisions.write(name, {})
    revisions.record(entry("aaa"))
    revisions.record(entry("bbb", "aaa"))
    revisions.record(entry("ccc", "bbb"))
    with (revisions.folder / "history.jsonl").open("a") as file:
        file.write('{"revision": "dd')
    assert [one.revision for one in revisions.history()] == ["aaa", "bbb", "ccc"]
    assert (earlier(revisions, 1), earlier(revisions, 2)) == ("bbb", "aaa")
    for number in (0, 3, 4):
        with pytest.raises(RevisionError, match="no revision"):
            earlier(revisions, number)


def test_old_revisions_are_dropped_but_never_the_one_in_force(revisions: Revisions) -> None:
    revisions.write("first", {})
    revisions.switch("first")
    revisions.record(entry("first"))
    for number in range(KEPT + 5):
        revisions.write(f"r{number}", {})
        revisions.record(entry(f"r{number}"))
    left = {path.name for path in revisions.folder.iterdir() if path.is_dir() and not path.is_symlink()}
    assert left == {"first", *(f"r{number}" for number in range(5, KEPT + 5))}
