"""What a lot may be called."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sorter.errors import SorterError

LONGEST = 64


def lot_name(text: str) -> str:
    """A name as a person gave it, without the blanks around it.

    Raises:
        SorterError: it is empty, too long, or cannot be printed in one line.
    """
    name = text.strip()
    if not 1 <= len(name) <= LONGEST or not name.isprintable():
        raise SorterError(f"a lot's name has 1 to {LONGEST} characters in one line; give another")
    return name


def lot_of_the_day(wall_clock: Callable[[], datetime] = datetime.now) -> str:
    """The name of a lot that nobody has named: the date where the machine stands."""
    return wall_clock().astimezone().date().isoformat()
