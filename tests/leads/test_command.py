"""`perezvon leads`: the whole way from a spreadsheet's file to the store."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.leads import leads
from cli.main import app
from config.secrets import create_missing

SITE = Path(__file__).parents[2] / "config" / "site"
LIST = (
    "Телефон;Имя;Приоритет\r\n"
    "8 (903) 123-45-67;Пётр;5\r\n"
    "7,9E+10;Анна;\r\n"
    "+7 903 123-45-68;Вера;1\r\n"
    "112;Скорая;\r\n"
    "79031234567;Пётр;\r\n"
)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    shutil.copytree(SITE, folder)
    system = folder / "system.yaml"
    text = system.read_text().replace("////var/lib/perezvon/", f"///{tmp_path}/")
    system.write_text(text)
    create_missing(folder)
    return folder


def run(site: Path, *arguments: str | Path) -> Result:
    return CliRunner().invoke(leads, [*map(str, arguments), "--site", str(site)])


def test_a_cp1251_list_is_imported_and_its_bad_rows_come_back(site: Path, tmp_path: Path) -> None:
    file = tmp_path / "spring.csv"
    file.write_bytes(LIST.encode("cp1251"))
    done = run(site, "import", file, "--list", "spring", "--json")
    assert done.exit_code == 0, done.output
    rejects = tmp_path / "spring.rejects.csv"
    assert json.loads(done.stdout) == {
        "list": "spring",
        "added": 2,
        "already_there": 0,
        "refused": 3,
        "do_not_call": 0,
        "rejects_file": str(rejects),
        "encoding": "cp1251",
        "delimiter": ";",
    }
    assert rejects.read_text("utf-8-sig").splitlines() == [
        "Телефон;Имя;Приоритет;reject_row;reject_reason",
        "7,9E+10;Анна;;3;phone: rounded by the spreadsheet, its digits are lost: format the column as text",
        "112;Скорая;;5;phone: an emergency number",
        "79031234567;Пётр;;6;duplicate of row 2",
    ]
    assert rejects.stat().st_mode & 0o777 == 0o600
    again = json.loads(run(site, "import", file, "--list", "spring", "--json").stdout)
    assert (again["added"], again["already_there"]) == (0, 2)
    assert again["rejects_file"] == str(rejects)

    listed = json.loads(run(site, "list", "--json").stdout)
    assert listed == [{"list": "spring", "ready": 2, "scheduled": 0, "claimed": 0, "final": 0}]
    rows = json.loads(run(site, "list", "spring", "--json").stdout)
    assert [(row["phone"], row["name"], row["priority"]) for row in rows] == [
        ("+7903***4567", "Пётр", 5),
        ("+7903***4568", "Вера", 1),
    ]
    rows = json.loads(run(site, "list", "spring", "--full", "--json").stdout)
    assert rows[0]["phone"] == "+79031234567"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["import", "no.csv", "--list", "a"], "no.csv cannot be read: No such file"),
        (["import", "{file}", "--list", "../A"], "'../A' is no name of a list"),
        (["import", "{file}", "--list", "a"], "no column is the phone"),
        (["import", "{header}", "--list", "a"], "header.csv: the file has a header and no rows; export"),
    ],
)
def test_what_cannot_be_done_is_said_plainly(
    site: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("имя;город\nПётр;Чита\n")
    header = tmp_path / "header.csv"
    header.write_text("phone;name\n\n")
    done = run(site, *(argument.format(file=file, header=header) for argument in arguments))
    assert done.exit_code == 1
    assert message in done.stderr
    assert "Traceback" not in done.output


def test_a_list_that_is_not_there_is_said_plainly(site: Path) -> None:
    (site.parent / "perezvon.db").touch()
    done = run(site, "list", "nothing")
    assert done.exit_code == 1
    assert "there is no list nothing" in done.stderr


def test_an_older_reject_file_is_not_written_over(site: Path, tmp_path: Path) -> None:
    file, rejects = tmp_path / "spring.csv", tmp_path / "spring.rejects.csv"
    rejects.write_text("half mended by hand")
    (tmp_path / "spring.rejects-2.csv").symlink_to(tmp_path / "nowhere.csv")
    file.write_text("phone;name\n112;x\n79031234567;y\n")
    for _ in "12":
        told = json.loads(run(site, "import", file, "--list", "spring", "--json").stdout)
        assert told["rejects_file"] == str(tmp_path / "spring.rejects-3.csv")
    assert rejects.read_text() == "half mended by hand"
    assert not (tmp_path / "nowhere.csv").exists()
    names = sorted(path.name for path in tmp_path.glob("*rejects*"))
    assert names == ["spring.rejects-2.csv", "spring.rejects-3.csv", "spring.rejects.csv"]
    told = json.loads(run(site, "import", file, "--list", "a", "--rejects", "/dev/null", "--json").stdout)
    assert told["rejects_file"] == "/dev/null"


@pytest.mark.parametrize("command", ["leads list", "leads list spring", "agents times", "doctor"])
def test_root_who_only_reads_makes_no_database(
    command: str, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    done = CliRunner().invoke(app, [*command.split(), "--site", str(site)])
    assert done.exit_code == 1
    told = " ".join(done.output.split())
    assert f"there is no database {tmp_path}/perezvon.db yet; start the daemon first, or run" in told
    assert "Traceback" not in done.output
    assert not (tmp_path / "perezvon.db").exists()


def test_the_database_that_root_makes_is_its_folders_owners(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[int, int]] = []
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("os.chown", lambda _, user, group: given.append((user, group)))
    file = tmp_path / "spring.csv"
    file.write_text("phone\n79031234567\n")
    for _ in "12":
        assert run(site, "import", file, "--list", "spring").exit_code == 0
    folder = tmp_path.stat()
    assert given == [(folder.st_uid, folder.st_gid)], "only the new file is given away"
    assert (tmp_path / "perezvon.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_daemons_user_can_open_what_root_imported(site: Path, tmp_path: Path) -> None:
    os.chown(tmp_path, 4242, 4343)
    file = tmp_path / "spring.csv"
    file.write_text("phone\n79031234567\n")
    assert run(site, "import", file, "--list", "spring").exit_code == 0
    owners = {(path.stat().st_uid, path.stat().st_gid) for path in tmp_path.glob("perezvon.db*")}
    assert owners == {(4242, 4343)}


def test_a_store_that_cannot_be_opened_is_said_plainly(site: Path, tmp_path: Path) -> None:
    (tmp_path / "perezvon.db").write_bytes(b"something else" * 1000)
    done = run(site, "list")
    assert done.exit_code == 1
    assert "not a database" in done.stderr
