"""Orders from a spreadsheet: rows of one key are one order, and what is wrong is told by row and column."""

from __future__ import annotations

import pytest

from leads.importing import BadList
from leads.order_csv import parse_orders
from leads.orders import Delivery, Item, NewOrder

RUSSIAN = (
    "Ключ;Номер заказа;Телефон;Телефон 2;Имя;Товар;Кол-во;Цена;Сумма;"
    "Дата доставки;Время доставки;В наличии;Город;Floor\r\n"
    "k1;А-17;8 903 123-45-67;8 495 123-45-67;Анна;Чашка;2;995,25;1 990,50;"
    "28.11.2026;10:00 – 14:00;да;Омск;3\r\n"
    "k1;А-17;;;;Блюдце;1,0;0;;;;;;\r\n"
    ";;;;;;;;;;;;;\r\n"
    "k2;18;+79031234568;;;Стол;1;5000;5000;;;нет;;\r\n"
)
HEADER = "key,number,phone,item,quantity,price,sum,delivery date,in stock"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_a_russian_spreadsheet_is_read_in_whatever_encoding(encoding: str) -> None:
    parsed = parse_orders(RUSSIAN.encode(encoding), "shop", "RU")
    assert parsed.faults == []
    assert parsed.orders == [
        NewOrder(
            shop="shop",
            key="k1",
            number="А-17",
            phones=("+79031234567", "+74951234567"),
            name="Анна",
            items=(Item("Чашка", 2, 99525), Item("Блюдце", 1, 0)),
            sum=199050,
            delivery=Delivery("2026-11-28", "10:00-14:00"),
            attributes={"in_stock": True, "floor": 3},
        ),
        parsed.orders[1],
    ]
    assert parsed.ignored == ("город",)
    assert parsed.orders[1].attributes == {"in_stock": False}
    assert parsed.orders[1].items == (Item("Стол", 1, 500000),)


def test_one_and_nought_are_yes_and_no_where_that_is_asked_and_numbers_elsewhere() -> None:
    data = "key;number;phone;item;quantity;price;sum;in stock;call me;floor\n1;1;+79031234567;X;1;1;1;1;0;1\n"
    parsed = parse_orders(data.encode(), "shop", "RU")
    assert parsed.faults == []
    assert repr(sorted(parsed.orders[0].attributes.items())) == (
        "[('call_me', False), ('floor', 1), ('in_stock', True)]"
    )


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("k2,1,112,cup,1,1,1,,", (3, "phone", "an emergency number")),
        ("k2,1,,cup,1,1,1,,", (3, "phone", "at least 1")),
        ("a b,1,+79031234568,cup,1,1,1,,", (3, "key", "64 Latin letters")),
        ("k2,1,+79031234568,cup,many,1,1,,", (3, "quantity", "a whole number")),
        ("k2,1,+79031234568,,1,1,1,,", (3, "item", "at least 1")),
        ("k2,1,+79031234568,cup,1,cheap,1,,", (3, "price", "a sum such as 1990.50")),
        ("k2,1,+79031234568,cup,1,1,1,31.02.2026,", (3, "delivery date", "a date such as 2026-11-28")),
        ("k2,1,+79031234568,cup,1,1,1,2026-02-30,", (3, "delivery date", "day is out of range")),
        ("k2,1,+79031234568,cup,1,1,1,,maybe", (3, "in_stock", "yes or no")),
        ("k1,2,+79031234567,saucer,1,1,1,,", (3, "number", "is another than in row 2")),
        ("k2,1,+79031234568,cup,1,1,1,,,,", (3, "", "has 11 fields")),
    ],
)
def test_a_bad_row_is_told_by_its_number_and_column(row: str, told: tuple[int, str, str]) -> None:
    data = f"{HEADER}\nk1,1,+79031234567,cup,1,1,1,,\n{row}\n".encode()
    [fault] = parse_orders(data, "shop", "RU").faults
    assert (fault.row, fault.column) == told[:2]
    assert told[2] in fault.reason


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "the file is empty"),
        (HEADER.encode(), "has a header and no rows"),
        (b"key,number\n1,2\n", "there is no column phone, item, quantity, price, sum"),
        (b"PK\x03\x04", "a workbook"),
        (f"{HEADER},key\n".encode(), "two columns are called key"),
        (
            (HEADER + "\n" + "".join(f"k{n},1,+79031234567,cup,1,1,1,,\n" for n in range(2001))).encode(),
            "more than 2000 orders",
        ),
    ],
)
def test_a_file_that_is_no_list_of_orders_is_refused_as_a_whole(data: bytes, told: str) -> None:
    with pytest.raises(BadList, match=told):
        parse_orders(data, "shop", "RU")
