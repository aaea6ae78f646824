"""`perezvon leads`: the whole way from a spreadsheet's file to the store."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.leads import leads
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
    again = json.loads(run(site, "import", file, "--list", "spring", "--json").stdout)
    assert (again["added"], again["already_there"]) == (0, 2)

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
        (["list", "nothing"], "there is no list nothing"),
    ],
)
def test_what_cannot_be_done_is_said_plainly(
    site: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("имя;город\nПётр;Чита\n")
    done = run(site, *(argument.format(file=file) for argument in arguments))
    assert done.exit_code == 1
    assert message in done.stderr
    assert "Traceback" not in done.output


def test_a_store_that_cannot_be_opened_is_said_plainly(site: Path, tmp_path: Path) -> None:
    (tmp_path / "perezvon.db").write_bytes(b"something else" * 1000)
    done = run(site, "list")
    assert done.exit_code == 1
    assert "not a database" in done.stderr
