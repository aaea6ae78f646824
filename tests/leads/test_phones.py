"""Telephone numbers in, and out to a carrier."""

import contextlib

import phonenumbers
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leads.phones import BadPhone, NumberFormat, for_trunk, mask, parse_phone


@pytest.mark.parametrize(
    "text",
    [
        "8 (903) 123-45-67",
        "+7 903 123 45 67",
        "79031234567",
        "9031234567",
        "8903.123.45.67",
        "(+7) 903 1234567",
        "8\u00a0903\u2011123\u201345\u221267",
        "\ufeff+79031234567\u200b",
        "79031234567.0",
        "79031234567,00",
        "'+79031234567",
        " +79031234567\t",
        "810 7 903 123-45-67",
    ],
)
def test_people_and_spreadsheets_write_one_number_in_many_ways(text: str) -> None:
    assert parse_phone(text, "RU") == "+79031234567"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("7,9E+10", "rounded by the spreadsheet"),
        ("7.9E+10", "rounded by the spreadsheet"),
        ("7,9031234567E+10", "rounded by the spreadsheet"),
        ("7,9Е+10", "rounded by the spreadsheet"),  # a Cyrillic Е
        ("8 9О3 123-45-67", "holds the letter О (cyrillic capital letter o)"),
        ("8 9O3 123-45-67", "holds the letter O (latin capital letter o)"),
        ("89031234567 Иван", "holds the letter И"),
        ("8 495 123-45-67 доб. 12", "extension"),
        ("8 495 123-45-67 ext 12", "extension"),
        ("84951234567x12", "extension"),
        ("84951234567#12", "extension"),
        ("89031234567, 84951234567", "more than one number"),
        ("89031234567/84951234567", "more than one number"),
        ("+79031234567 +79031234568", "more than one number"),
        ("8903123٤567", "belongs to no number"),
        ("8903123*567", "belongs to no number"),
        ("112", "emergency"),
        ("103", "emergency"),
        ("02", "emergency"),
        ("0611", "too short"),
        ("12", "a short number"),
        ("911", "a short number"),
        ("123-45-67", "without its area code"),
        ("+7903123456", "too short"),
        ("+790312345678", "of a length that its country does not have"),
        ("9" * 41, "longer than 40"),
        ("9" * 25, "too long"),
        ("+8 903 123-45-67", "of no known country"),
        ("+999123456789", "of no known country"),
        ("8 809 123-45-67", "premium rate"),
        ("+1 900 234 5678", "premium rate"),
        ("+39 848 123 456", "shared cost"),
        ("+44 70 1234 5678", "personal number"),
        ("+870 773 111 632", "satellite"),
        ("+882 16 123 4567", "satellite"),
        ("+7 111 123-45-67", "not in its country's numbering plan"),
        ("()", "no number"),
        ("+79031234567\r\nAction: Originate", "letter A"),
        ("${EXTEN}", "letter E"),
    ],
)
def test_what_cannot_or_must_not_be_called_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(BadPhone) as refused:
        parse_phone(text, "RU")
    assert reason in refused.value.reason


def test_the_country_is_that_of_numbers_without_plus() -> None:
    assert parse_phone("020 7946 0958", "GB") == "+442079460958"
    assert parse_phone("+442079460958", "RU") == "+442079460958"


def examples() -> list[phonenumbers.PhoneNumber]:
    found = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in (0, 1, 3, 6):
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None:
                found.append(number)
    return found


@given(st.sampled_from(examples()), st.integers(0, 2), st.sampled_from(["RU", "US", "DE", "IT", "SG"]))
def test_parsing_what_was_parsed_changes_nothing(
    number: phonenumbers.PhoneNumber, written: int, country: str
) -> None:
    try:
        once = parse_phone(phonenumbers.format_number(number, written), country)
    except BadPhone:
        assume(False)
    assert parse_phone(once, country) == once


@given(st.text(max_size=30) | st.text("0123456789+-() .eE,", max_size=20))
def test_any_text_gives_e164_or_a_reason(text: str) -> None:
    try:
        found = parse_phone(text, "RU")
    except BadPhone as refused:
        assert refused.reason
    else:
        assert found[0] == "+"
        assert found[1:].isdecimal()
        assert found.isascii()


@pytest.mark.parametrize(
    ("phone", "written", "prefix", "dialed"),
    [
        ("+74951234567", "e164-plus", "", "+74951234567"),
        ("+74951234567", "e164", "", "74951234567"),
        ("+74951234567", "national", "", "84951234567"),
        ("+74951234567", "national", "9", "984951234567"),
        ("+74951234567", "e164", "0077", "007774951234567"),
        ("+442079460958", "national", "", "810442079460958"),
        ("+77172123456", "national", "", "87172123456"),
    ],
)
def test_a_number_is_written_as_the_carrier_wants_it(
    phone: str, written: NumberFormat, prefix: str, dialed: str
) -> None:
    assert for_trunk(phone, written, prefix, "RU") == dialed


@pytest.mark.parametrize(
    "phone", ["112", "+112", "84951234567", "+7 495 1234567", "+7495", "", "+78091234567"]
)
def test_a_trunk_takes_only_e164_that_may_be_called(phone: str) -> None:
    with pytest.raises(BadPhone):
        for_trunk(phone, "e164-plus", "", "RU")


def test_a_prefix_that_would_make_an_emergency_number_is_noticed() -> None:
    # 1 + 1 + +2..., an African number, would be understood as 112.
    with pytest.raises(BadPhone, match="emergency"):
        for_trunk("+201001234567", "e164", "11", "RU")


@given(
    st.sampled_from(examples()),
    st.sampled_from(["e164-plus", "e164", "national"]),
    st.sampled_from(["", "9", "00", "8"]),
    st.sampled_from(["RU", "US", "DE"]),
)
def test_a_number_is_never_written_for_a_trunk_twice(
    number: phonenumbers.PhoneNumber, written: NumberFormat, prefix: str, country: str
) -> None:
    phone = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    try:
        once = for_trunk(phone, written, prefix, country)
    except BadPhone:
        return
    assert once.endswith(phone[-4:])
    with contextlib.suppress(BadPhone):
        assert for_trunk(once, written, prefix, country) == once


@pytest.mark.parametrize(
    ("phone", "masked"), [("+79031234567", "+7903***4567"), ("+2904123", "+2***23"), ("", "***")]
)
def test_a_mask_hides_the_middle(phone: str, masked: str) -> None:
    assert mask(phone) == masked
