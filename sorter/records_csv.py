"""The records as CSV, for spreadsheets."""

from __future__ import annotations

import csv
from dataclasses import fields
from typing import TextIO

from sorter.record_rows import ItemRecord
from sorter.records import Records

_COLUMNS = [field.name for field in fields(ItemRecord) if field.name != "probabilities"]


def write_csv(records: Records, out: TextIO, *, lot: str | None = None) -> int:
    """Write one row an item and return how many; a column `p_GRADE` for each grade comes last.

    Text that a spreadsheet would run as a formula gets an apostrophe in front
    (https://owasp.org/www-community/attacks/CSV_Injection).
    """
    grades = records.grades(lot)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*_COLUMNS, *(f"p_{grade}" for grade in grades)])
    rows = 0
    for item in records.items(lot):
        rows += 1
        shares = (item.probabilities.get(grade) for grade in grades)
        writer.writerow(
            [
                *(_cell(getattr(item, name)) for name in _COLUMNS),
                *("" if share is None else f"{share:.4f}" for share in shares),
            ]
        )
    return rows


def _cell(value: object) -> object:
    value = getattr(value, "value", value)
    if isinstance(value, float):
        # Thousandths of a mm, a second or a tick: all that was ever measured.
        return f"{value:.3f}"
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
