"""`perezvon orders`, `outbox` and `dnc`: the whole way from a file to the store and back."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from config.load import load_site
from config.secrets import create_missing
from leads.orders import plans
from store import open_store

SITE = Path(__file__).parents[2] / "config" / "site"
SHOP = """title: Mine
token: ${file:secrets/mine}
rules:
  - {in_stock: true, below_sum: 1000, then: confirm}
agents: visits
webhook:
  url: http://127.0.0.1:9/hook
  secret: ${file:secrets/hook}
"""
ORDERS = (
    "key;number;phone;name;item;quantity;price;sum;in stock\r\n"
    "k1;A-1;8 903 123-45-67;Анна;=Чашка;2;100;200;да\r\n"
    "k2;A-2;8 903 123-45-68;Пётр;Стол;1;5000;5000;да\r\n"
)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    shutil.copytree(SITE, folder, ignore=shutil.ignore_patterns("secrets"))
    system = folder / "system.yaml"
    system.write_text(system.read_text().replace("////var/lib/perezvon/", f"///{tmp_path}/"))
    (folder / "shops").mkdir(exist_ok=True)
    (folder / "shops/mine.yaml").write_text(SHOP)
    create_missing(folder)

    async def make() -> None:  # root makes none where it only reads
        async with open_store(load_site(folder).system.database):
            pass

    asyncio.run(make())
    return folder


def run(site: Path, *arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments), "--site", str(site)])


def told(site: Path, *arguments: str | Path) -> object:
    done = run(site, *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def write(tmp_path: Path, text: str, encoding: str = "cp1251") -> Path:
    file = tmp_path / "orders.csv"
    file.write_bytes(text.encode(encoding))
    return file


def test_a_file_of_orders_is_taken_once_shown_and_exported(site: Path, tmp_path: Path) -> None:
    file = write(tmp_path, ORDERS)
    first = {"shop": "mine", "orders": 2, "encoding": "cp1251", "ignored_columns": []}
    assert told(site, "orders", "import", file, "--shop", "mine", "--dry-run") == first | {
        "would": {"agents": 1, "confirm": 1}
    }
    assert told(site, "orders", "list") == []
    states = {"agents": 1, "confirmed": 1}
    assert told(site, "orders", "import", file, "--shop", "mine") == first | {
        "new": 2, "already_there": 0, "states": states,
    }  # fmt: skip
    assert told(site, "orders", "import", file, "--shop", "mine") == first | {
        "new": 0, "already_there": 2, "states": {},
    }  # fmt: skip
    [order] = json.loads(run(site, "orders", "list", "--state", "agents", "--json").stdout)
    assert (order["key"], order["phone"], order["sum"]) == ("k2", "+7903***4568", "5000.00")
    shown = json.loads(run(site, "orders", "show", "k1", "--shop", "mine", "--json").stdout)
    assert (shown["phones"], shown["state"]) == (["+79031234567"], "confirmed")
    assert "k1" in run(site, "orders", "show", "k1", "--shop", "mine").stdout
    output = tmp_path / "out.csv"
    assert run(site, "orders", "export", "-o", output).exit_code == 0
    rows = list(csv.DictReader(io.StringIO(output.read_text("utf-8-sig")), delimiter=";"))
    assert [(row["key"], row["items"], row["phones"], row["state"]) for row in rows] == [
        ("k1", "'=Чашка 2 x 100.00", "'+79031234567", "confirmed"),
        ("k2", "Стол 1 x 5000.00", "'+79031234568", "agents"),
    ]


def test_a_file_with_a_bad_row_or_a_changed_order_is_not_taken_at_all(site: Path, tmp_path: Path) -> None:
    bad = write(tmp_path, ORDERS + "k3;A-3;112;;Стул;1;1;1;да\r\n")
    done = run(site, "orders", "import", bad, "--shop", "mine", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout) == [{"row": 4, "column": "phone", "reason": "an emergency number"}]
    assert "nothing was imported; mend the rows" in done.stderr
    assert told(site, "orders", "list") == []
    run(site, "orders", "import", write(tmp_path, ORDERS), "--shop", "mine")
    moved = run(site, "orders", "import", write(tmp_path, ORDERS.replace("45-68", "45-69")), "--shop", "mine")
    assert "phones: ['+7903***4568'] there, ['+7903***4569'] here" in moved.stderr
    changed = write(tmp_path, ORDERS.replace("5000;5000", "5000;5001") + "k9;9;+79031234569;;x;1;1;1;да\r\n")
    done = run(site, "orders", "import", changed, "--shop", "mine")
    assert done.exit_code == 1
    assert "order k2 is known with another sum; nothing was imported" in done.stderr
    assert len(json.loads(run(site, "orders", "list", "--json").stdout)) == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("orders", "import", "none.csv", "--shop", "mine"), "cannot be read"),
        (("orders", "import", "none.csv", "--shop", "mime"), "no shop is called mime"),
        (("orders", "show", "k1", "--shop", "mine"), "shop mine has no order k1"),
        (("orders", "list", "--phone", "12"), "12 is no number"),
        (("outbox", "retry"), "say which"),
        (("outbox", "retry", "77"), "are of no letter"),
        (("dnc", "add", "12"), "12 is no number"),
        (("dnc", "remove", "+79031234567"), "is not on the list"),
    ],
)
def test_what_cannot_be_done_is_said_plainly(site: Path, arguments: tuple[str, ...], told: str) -> None:
    done = run(site, *arguments)
    assert done.exit_code == 1
    assert told in done.stderr


def test_letters_are_listed_and_tried_again(site: Path, tmp_path: Path) -> None:
    run(site, "orders", "import", write(tmp_path, ORDERS), "--shop", "mine")
    [letter] = json.loads(run(site, "outbox", "list", "--json").stdout)
    assert (letter["order"], letter["event"], letter["state"]) == ("k1", "confirmed", "waiting")

    async def give_up() -> None:
        async with open_store(load_site(site).system.database) as store:
            await store.outbox.failed(letter["id"], "HTTP status 500", None)

    asyncio.run(give_up())
    [given_up] = json.loads(run(site, "outbox", "list", "--state", "given_up", "--json").stdout)
    assert (given_up["error"], given_up["next_try"], given_up["tries"]) == ("HTTP status 500", None, 1)
    assert told(site, "outbox", "retry", str(letter["id"])) == {"tried_again": 1}
    [again] = json.loads(run(site, "outbox", "list", "--json").stdout)
    assert (again["state"], again["delivery"]) == ("waiting", letter["delivery"])
    assert told(site, "outbox", "retry", "--all") == {"tried_again": 1}


def test_numbers_are_put_on_the_list_checked_exported_and_taken_off(site: Path, tmp_path: Path) -> None:
    assert told(site, "dnc", "add", "8 903 123-45-67", "--note", "by letter") == {
        "added": 1, "already_there": 0,
    }  # fmt: skip
    file = tmp_path / "registry.csv"
    file.write_text("phone;note\n+7 903 123 45 67;x\n89031234568;registry\n")
    assert told(site, "dnc", "import", file) == {"added": 1, "already_there": 1}
    file.write_text("phone\n8 903 123-45-67\n+79031234567\n")  # the same twice is no fault
    assert told(site, "dnc", "import", file) == {"added": 0, "already_there": 1}
    file.write_text("phone\n112\n89031234569\n")
    done = run(site, "dnc", "import", file)
    assert done.exit_code == 1
    assert "1 rows are no number; nothing was imported" in done.stderr
    checked = json.loads(run(site, "dnc", "check", "+79031234567", "+79031234569", "--json").stdout)
    assert [(one["phone"], one["listed"]) for one in checked] == [
        ("+79031234567", True),
        ("+79031234569", False),
    ]
    assert (checked[0]["source"], checked[0]["note"]) == ("admin", "by letter")
    listed = json.loads(run(site, "dnc", "list", "--json").stdout)
    assert [(row["phone"], row["source"]) for row in listed] == [
        ("+7903***4567", "admin"),
        ("+7903***4568", "import registry.csv"),
    ]
    output = tmp_path / "out.csv"
    assert run(site, "dnc", "export", "-o", output).exit_code == 0
    assert told(site, "dnc", "import", output) == {"added": 0, "already_there": 2}
    assert told(site, "dnc", "remove", "+79031234567") == {"removed": "+79031234567"}
    assert "no" in run(site, "dnc", "check", "+79031234567").stdout


def test_an_import_of_leads_refuses_who_is_on_the_list_and_says_so(site: Path, tmp_path: Path) -> None:
    run(site, "dnc", "add", "+79031234567")
    file = tmp_path / "spring.csv"
    file.write_text("phone;name\n89031234567;Anna\n89031234568;Boris\n")
    done = told(site, "leads", "import", file, "--list", "spring")
    assert isinstance(done, dict)
    assert (done["added"], done["refused"], done["do_not_call"]) == (1, 1, 1)
    assert (tmp_path / "spring.rejects.csv").read_text("utf-8-sig").splitlines()[1] == (
        "89031234567;Anna;2;phone: on the do-not-call list"
    )


def test_an_order_of_a_listed_number_is_told_to_the_shop(site: Path, tmp_path: Path) -> None:
    run(site, "orders", "import", write(tmp_path, ORDERS), "--shop", "mine")
    run(site, "dnc", "add", "+79031234568")
    shown = json.loads(run(site, "orders", "show", "k2", "--shop", "mine", "--json").stdout)
    assert (shown["state"], shown["lead"]) == ("not_reached", None)
    letters = json.loads(run(site, "outbox", "list", "--json").stdout)
    assert [letter["event"] for letter in letters] == ["confirmed", "do_not_call"]
    assert plans(load_site(site))["mine"].webhook
