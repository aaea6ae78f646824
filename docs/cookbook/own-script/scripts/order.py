"""Says the number of the caller's order, from a file that the shop's system writes."""

import csv
from pathlib import Path

from sounds.catalogue import sounds_dir

ORDERS = Path(__file__).with_name("orders.csv")


def run(agi):
    prompts = sounds_dir() / agi.env["agi_language"]
    caller = agi.env["agi_callerid"][-10:]  # however the carrier writes the code of the country
    with ORDERS.open(encoding="utf-8") as file:
        orders = [row["order"] for row in csv.DictReader(file) if row["phone"][-10:] == caller]
    if not orders:
        agi.stream_file(f"{prompts}/order-not-found")
        return  # to the line's group
    agi.stream_file(f"{prompts}/order-number")
    for digit in orders[-1]:
        agi.stream_file(f"{prompts}/digit-{digit}")
    if agi.get_option(f"{prompts}/operator-key", "0", 3000) != "0":
        agi.stream_file(f"{prompts}/goodbye")
        agi.hangup()
