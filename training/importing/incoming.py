"""One photo on its way into a folder of photos."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A photo that can be read when its turn comes."""

    name: str
    """What it is called in error messages."""
    grade: str
    item: str | None
    """Key of the item that it shows; None: it is the only photo of its item."""
    session: str
    suffix: str
    """Of the file to write, with the dot."""
    read: Callable[[], bytes]
    """The bytes of an image file."""
