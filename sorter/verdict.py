"""What the sorter decides about an item."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Why(enum.Enum):
    """The reason behind a verdict, as the operator reads it."""

    CLASS = "class"
    """The model is sure enough of the grade."""
    UNSURE = "unsure"
    """The best grade is less likely than the bundle's threshold."""
    STRANGER = "stranger"
    """It looks like nothing that the model was taught."""
    CUT_OFF = "cut_off"
    """No frame showed the whole item."""
    DOUBLE = "double"
    """It touches another one, and may be more than one."""
    VANISHED = "vanished"
    """It was no longer where the belt must have carried it."""
    BLIND = "blind"
    """The belt could not be told from the items when it was due."""
    NO_OUTLET = "no_outlet"
    """No outlet takes this grade."""
    TOO_LATE = "too_late"
    """The outlet was reached before the shot could be sent."""
    CROWDED = "crowded"
    """It lies too near to a neighbour for the outlet to tell them apart."""
    SIZE = "size"
    """No outlet takes this grade in its size, or the size is not known well enough."""
    QUOTA = "quota"
    """The outlets that take it have had all that they take of this lot."""
    STOPPED = "stopped"
    """It lay in or past the camera's view when the belt stood: hands may have moved it."""
    CAMERA = "camera"
    """A fault of the camera put in doubt what was seen of it."""
    NO_BOARD = "no_board"
    """The board was not connected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A grade with its probabilities, or none with the reason."""

    grade: str | None
    """None sends the item to the default outlet."""
    best_guess: str | None
    """The likeliest grade, also when the model is unsure; None when nothing could be classified."""
    probabilities: dict[str, float]
    """Calibrated, by grade in the bundle's order; empty when nothing could be classified."""
    why: Why
