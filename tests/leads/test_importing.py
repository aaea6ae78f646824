"""CSV lists: the good rows are in, every refused row comes back with its reason."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads import importing
from leads.importing import BadList, Reject, parse_csv, write_rejects
from leads.lead import NewLead

RUSSIAN = 'Телефон;ФИО;Компания;Город\r\n8 (903) 123-45-67;Иванов Пётр;ООО "Ромашка";Чита\r\n'
ENGLISH = "phone,name,company,city\n+79031234567,Peter,Acme,Chita\n"
TABS = "phone\tname\n79031234567\tПётр\n"


def one(data: bytes) -> NewLead:
    found = parse_csv(data, "RU")
    assert found.rejects == []
    assert len(found.good) == 1
    return found.good[0]


@pytest.mark.parametrize(
    ("data", "encoding", "delimiter", "name"),
    [
        (ENGLISH.encode(), "utf-8", ",", "Peter"),
        (RUSSIAN.encode(), "utf-8", ";", "Иванов Пётр"),
        (RUSSIAN.encode("utf-8-sig"), "utf-8-sig", ";", "Иванов Пётр"),
        (RUSSIAN.encode("cp1251"), "cp1251", ";", "Иванов Пётр"),
        (RUSSIAN.replace(";", "\t").encode("utf-16"), "utf-16", "\t", "Иванов Пётр"),
        (b"\xfe\xff" + TABS.encode("utf-16-be"), "utf-16", "\t", "Пётр"),
        (TABS.encode(), "utf-8", "\t", "Пётр"),
        (TABS.replace("\n", "\r").encode(), "utf-8", "\t", "Пётр"),
    ],
)
def test_encodings_and_delimiters_that_spreadsheets_write(
    data: bytes, encoding: str, delimiter: str, name: str
) -> None:
    found = parse_csv(data, "RU")
    assert (found.encoding, found.delimiter) == (encoding, delimiter)
    assert [(lead.phone, lead.name) for lead in found.good] == [("+79031234567", name)]


def test_columns_in_russian_and_english_and_the_rest_is_extra() -> None:
    lead = one(
        "Приоритет;Город;ЧАСОВОЙ ПОЯС;имя;Номер телефона;Организация;Примечание\n"
        "7;Чита;asia/chita;Пётр;89031234567;Ромашка;\n".encode()
    )
    assert lead == NewLead(
        phone="+79031234567",
        name="Пётр",
        company="Ромашка",
        timezone="Asia/Chita",
        priority=7,
        extra={"Город": "Чита"},
    )


def test_number_is_the_phone_only_where_nothing_better_is() -> None:
    assert one("Номер;Имя\n89031234567;Пётр\n".encode()).phone == "+79031234567"
    assert one("Номер;Телефон\nА-17;89031234567\n".encode()).extra == {"Номер": "А-17"}


@pytest.mark.parametrize(
    "data",
    [
        "89031234567\n+7 903 123-45-68\n",
        "phone\n89031234567\n89031234568\n",
        '"8 903 123-45-67"\n\n"8 903 123-45-68"\n',
        "79031234567;\n79031234568;\n",
    ],
)
def test_one_column_of_numbers_needs_no_header(data: str) -> None:
    found = parse_csv(data.encode(), "RU")
    assert [lead.phone for lead in found.good] == ["+79031234567", "+79031234568"]
    assert found.rejects == []


def test_a_number_rounded_by_the_spreadsheet_is_refused_and_not_taken_for_two_columns() -> None:
    for data in ("7,9E+10\n89031234567\n", "телефон\n7,9E+10\n89031234567\n"):
        found = parse_csv(data.encode(), "RU")
        assert [lead.phone for lead in found.good] == ["+79031234567"]
        assert found.rejects[0].reason.startswith("phone: rounded by the spreadsheet")


def test_the_zone_is_the_columns_or_the_numbers_if_that_has_exactly_one() -> None:
    data = (
        "phone;timezone\n"
        "+73022123456;\n"  # a landline in Chita, of which the library knows Asia/Yakutsk
        "+79031234567;\n"  # a mobile may be anywhere
        "+73022123457;Europe/Moscow\n"
        "+73022123458;Москва\n"
        "+73022123459;../../etc/passwd\n"
    )
    found = parse_csv(data.encode(), "RU")
    assert [lead.timezone for lead in found.good] == ["Asia/Yakutsk", None, "Europe/Moscow"]
    assert [reject.row for reject in found.rejects] == [5, 6]
    assert all("unknown time zone" in reject.reason for reject in found.rejects)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("112;Скорая;;", "phone: an emergency number"),
        ("8 809 123 45 67;;;", "phone: a premium rate number"),
        ("8 9О3 1234567;;;", "phone: holds the letter О (cyrillic capital letter o)"),
        (";Пётр;;", "phone: empty"),
        ("8 (903) 123-45-67;;;", "duplicate of row 2"),
        ("89031234560;Пётр;;высокий", "priority: a whole number from 0 to 100 is wanted"),
        ("89031234560;Пётр;;101", "priority: a whole number from 0 to 100 is wanted"),
        ("89031234560;Пётр;;-1", "priority: a whole number from 0 to 100 is wanted"),
        ("89031234560;Пётр;Рога; 5;копыта", "has 5 fields, the header has 4: quote the text"),
        ("89031234560;Пё\0тр;;", "holds a NUL byte"),
        ("89031234560;" + "а" * 201 + ";;", "name: longer than 200 characters; is a quote never closed?"),
        (
            "89031234560;" + "а" * 200_000 + ";;",
            "cannot be read: field larger than field limit (131072); is a quote never closed?",
        ),
    ],
)
def test_a_refused_row_says_why_and_its_neighbours_are_in(row: str, reason: str) -> None:
    data = f"телефон;имя;компания;приоритет\n89031234567;;;\n{row}\n89031234569;;;5\n"
    found = parse_csv(data.encode(), "RU")
    assert [lead.phone for lead in found.good] == ["+79031234567", "+79031234569"]
    assert [(reject.row, reject.reason) for reject in found.rejects] == [(3, reason)]
    assert found.rejects[0].duplicate is reason.startswith("duplicate")


def test_rows_are_numbered_as_the_spreadsheet_shows_them() -> None:
    data = '\nphone,name\n\n79031234567,"two\nlines"\n,,\n112,x\n'
    found = parse_csv(data.encode(), "RU")
    assert [(lead.phone, lead.name) for lead in found.good] == [("+79031234567", "two lines")]
    assert [reject.row for reject in found.rejects] == [6]


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Пётр\r\nAction: Originate\r\n\r\n", "Пётр Action: Originate"),
        ("a\tb\x00c\x1b[31m\u2028d\x85e", "a b c [31m d e"),
        ("  a   b ", "a b"),
        ('${SHELL(id)}; "q"', '${SHELL(id)}; "q"'),
        ("'=1+1", "=1+1"),
        ("O'Neill", "O'Neill"),
        ("'quoted'", "'quoted'"),
    ],
)
def test_text_becomes_one_line_and_else_stays_as_it_is(text: str, cleaned: str) -> None:
    assert importing.clean(text) == cleaned


def test_hostile_text_arrives_as_text() -> None:
    data = 'phone,name,note\n79031234567,"Пётр\r\nAction: x","${EXTEN};[a]\n#exec"\n'
    lead = one(data.encode())
    assert lead.name == "Пётр Action: x"
    assert lead.extra == {"note": "${EXTEN};[a] #exec"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b" \r\n;;\r\n", "is empty"),
        (b"PK\x03\x04rest", "a workbook, not CSV"),
        (b"\xd0\xcf\x11\xe0rest", "a workbook, not CSV"),
        (b"\xff\xfe\x00", "not text in utf-16"),
        (b"\xef\xbb\xbf\xff", "not text in utf-8-sig"),
        (b"phone\n\x98", "not text in utf-8 or cp1251"),
        (b"name,city\nPeter,Chita\n", "no column is the phone: name, city"),
        (b"79031234567,Peter\n", "no column is the phone"),
        (b"phone,Phone\n1,2\n", "two columns are called phone"),
        (b"phone,city,city\n1,2,3\n", "two columns are called city"),
        (b"phone" + b",x" * 64, "more than 64 columns"),
    ],
)
def test_a_file_that_cannot_be_read_says_so_as_a_whole(data: bytes, message: str) -> None:
    with pytest.raises(BadList, match=message) as refused:
        parse_csv(data, "RU")
    assert refused.value.hint


def test_a_file_that_is_too_large_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "MAX_BYTES", 10)
    with pytest.raises(BadList, match="larger than"):
        parse_csv(b"phone\n79031234567\n", "RU")


def test_the_reject_file_is_one_that_excel_opens_and_never_calculates() -> None:
    rejects = [
        Reject(2, ("+7903", "=HYPERLINK(1)", "-1", "@x", "\tx", "a;b"), "phone: too short"),
        Reject(9, ("x",), "phone: holds the letter x"),
    ]
    data = write_rejects(rejects, ("phone", "=cmd", "Город"))
    assert data.startswith(b"\xef\xbb\xbfphone;'=cmd;")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert rows == [
        ["phone", "'=cmd", "Город", "", "", "", "reject_row", "reject_reason"],
        ["'+7903", "'=HYPERLINK(1)", "'-1", "'@x", "'\tx", "a;b", "2", "phone: too short"],
        ["x", "", "", "", "", "", "9", "phone: holds the letter x"],
    ]


def test_a_mended_reject_file_can_be_imported_as_it_is() -> None:
    first = parse_csv("телефон;имя;город\n+7903123456;=Пётр;Чита\n".encode(), "RU")
    mended = write_rejects(first.rejects, first.columns).replace(b"+7903123456", b"+79031234567")
    assert one(mended) == NewLead(phone="+79031234567", name="=Пётр", extra={"город": "Чита"})


cells = st.text(max_size=20) | st.sampled_from(
    ["=1", "+7", "'=", '"', '";"', "\r\n", "-", "7,9E+10", "8903 123-45-67"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(cells, min_size=3, max_size=3), max_size=6), st.sampled_from(",;\t"))
def test_every_row_is_a_lead_or_a_reject_and_no_reject_cell_is_a_formula(
    rows: list[list[str]], delimiter: str
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows([["phone", "name", "note"], *rows])
    found = parse_csv(out.getvalue().encode("utf-8", "replace"), "RU")
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    assert len(found.good) + len(found.rejects) == len(filled)
    for lead in found.good:
        for text in (lead.name, *lead.extra.values()):
            assert text.isprintable() or not any(ord(c) < 32 for c in text)
    back = write_rejects(found.rejects, found.columns).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(back, newline=""), delimiter=";"):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300) | st.binary(max_size=100).map(lambda data: b"phone;name\n" + data))
def test_any_bytes_give_a_list_or_a_plain_error(data: bytes) -> None:
    try:
        parse_csv(data, "RU")
    except BadList as refused:
        assert refused.message
        assert refused.hint
