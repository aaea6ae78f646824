"""Telephone numbers: people's writing in, E.164 through the system, a carrier's writing out."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Literal
from zoneinfo import available_timezones

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
    shortnumberinfo,
)
from phonenumbers.timezone import time_zones_for_number

NumberFormat = Literal["e164-plus", "e164", "national"]

LONGEST = 40
CALLABLE = {
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.VOIP,
    PhoneNumberType.UAN,
}
REFUSED = {
    PhoneNumberType.PREMIUM_RATE: "a premium rate number",
    PhoneNumberType.SHARED_COST: "a shared cost number",
    PhoneNumberType.PERSONAL_NUMBER: "a personal number, charged like premium rate",
    PhoneNumberType.PAGER: "a pager",
    PhoneNumberType.VOICEMAIL: "a voice mailbox",
}
INVALID = {
    ValidationResult.TOO_SHORT: "too short",
    ValidationResult.TOO_LONG: "too long",
    ValidationResult.INVALID_LENGTH: "of a length that its country does not have",
    ValidationResult.INVALID_COUNTRY_CODE: "of no known country",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "without its area code",
}
UNPARSED = {
    NumberParseException.INVALID_COUNTRY_CODE: "of no known country",
    NumberParseException.NOT_A_NUMBER: "no number",
    NumberParseException.TOO_LONG: "too long",
}
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
EXPONENT = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]*)?[eEеЕ][+-]?[0-9]+")
WHOLE_FLOAT = re.compile(r"(\+?[0-9]{7,15})[.,]0+")
EXTENSION = re.compile(r"(?:#|доб|вн|ext|x)[^0-9]*[0-9]+\W*", re.IGNORECASE)
INVISIBLE = "\u200b\u200e\u200f\u202a\u202c\u2060\ufeff\xad"


class BadPhone(ValueError):
    """The text is no number that may be called; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse_phone(text: str, country: str) -> str:
    """A number as people and spreadsheets write it to E.164 (`+79031234567`).

    `country` (ISO code) is that of numbers without `+`. Raises `BadPhone`.
    """
    return phonenumbers.format_number(parse_number(text, country), PhoneNumberFormat.E164)


def parse_number(text: str, country: str) -> PhoneNumber:
    """The same, as the library's own object."""
    plain = _plain(text)
    if shortnumberinfo.connects_to_emergency_number(plain, country):
        raise BadPhone("an emergency number")
    try:
        number = phonenumbers.parse(plain, country)
    except NumberParseException as error:
        raise BadPhone(UNPARSED.get(error.error_type, "too short")) from None
    kind = phonenumbers.number_type(number)
    if kind in REFUSED:
        raise BadPhone(REFUSED[kind])
    if kind not in CALLABLE:
        raise BadPhone(_why_invalid(number, country))
    if phonenumbers.region_code_for_country_code(number.country_code or 0) == "001":
        raise BadPhone("a satellite or other global number, which belongs to no country")
    return number


def _plain(text: str) -> str:
    """Unifies blanks and dashes; refuses everything that is not a number's writing."""
    # A leading apostrophe is what spreadsheets, and our own reject file, put before text.
    found = "".join(_ascii(c) for c in text if c not in INVISIBLE).strip().removeprefix("'").strip()
    if not found:
        raise BadPhone("empty")
    if len(found) > LONGEST:
        raise BadPhone(f"longer than {LONGEST} characters")
    if EXPONENT.fullmatch(found):
        raise BadPhone("rounded by the spreadsheet, its digits are lost: format the column as text")
    if whole := WHOLE_FLOAT.fullmatch(found):
        return whole[1]
    if EXTENSION.search(found):
        raise BadPhone("an extension cannot be dialed: give the direct number")
    for c in found:
        if c.isalpha():
            raise BadPhone(f"holds the letter {c} ({unicodedata.name(c, 'unnamed').lower()})")
    if re.search(r"[,;/|]|[0-9].*\+", found):
        raise BadPhone("more than one number: give each its own row")
    if bad := re.search(r"[^0-9+()\-. ]|\+.*\+", found):
        raise BadPhone(f"holds {bad[0]!r}, which belongs to no number")
    return found


def _ascii(c: str) -> str:
    kind = unicodedata.category(c)
    if kind == "Pd" or c == "\N{MINUS SIGN}":
        return "-"
    return " " if kind == "Zs" else c


def _why_invalid(number: PhoneNumber, country: str) -> str:
    if shortnumberinfo.is_possible_short_number_for_region(number, country):
        return "a short number"
    why = phonenumbers.is_possible_number_with_reason(number)
    return INVALID.get(why, "not in its country's numbering plan")


def for_trunk(phone: str, number_format: NumberFormat, prefix: str, country: str) -> str:
    """An E.164 number as a carrier wants it dialed: the one place where that is done.

    Raises `BadPhone` for anything but E.164 (so never twice), and for what would not reach that number.
    """
    if not E164.fullmatch(phone) or parse_phone(phone, country) != phone:
        raise BadPhone("not an E.164 number")
    dialed = prefix + _written(phone, number_format, country)
    if shortnumberinfo.connects_to_emergency_number(dialed, country):
        raise BadPhone("would reach an emergency number, written as this trunk wants it")
    return dialed


def _written(phone: str, number_format: NumberFormat, country: str) -> str:
    if number_format == "e164-plus":
        return phone
    if number_format == "e164":
        return phone[1:]
    number = phonenumbers.parse(phone)
    # Within the country this is the national form, else it begins with the country's way out.
    return re.sub(r"\D", "", phonenumbers.format_out_of_country_calling_number(number, country))


def zone_of(number: PhoneNumber) -> str | None:
    """The time zone of a number, where it can be in one only."""
    zones: tuple[str, ...] = time_zones_for_number(number)
    return zones[0] if len(zones) == 1 and zones[0] in _known_zones() else None


@cache
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def mask(phone: str) -> str:
    """A number for logs and screens: `+7903***4567`."""
    return f"{phone[:5]}***{phone[-4:]}" if len(phone) > 10 else f"{phone[:2]}***{phone[-2:]}"
