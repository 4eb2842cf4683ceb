"""Is an item jammed in the camera's view?"""

from __future__ import annotations

STANDS_S = 2.0
STANDS_MM = 2.0
"""A belt that moves less in that time stands, and a person may be taking the item out."""


class JamWatch:
    """Remembers a jam until the belt stands.

    Not only while it is seen: what stands still in the image for long becomes part of the empty
    belt's picture, and is still there.
    """

    def __init__(self) -> None:
        self.jammed = False
        """An item is held, or was when the belt last ran."""
        self._moved: tuple[float, float] | None = None

    def see(self, held: bool, time_s: float, belt_mm: float) -> None:
        """Take in one frame.

        Args:
            held: something holds an item in sight.
            time_s: of the frame.
            belt_mm: belt travel at the frame.
        """
        if self._moved is None or abs(belt_mm - self._moved[1]) >= STANDS_MM:
            self._moved = (time_s, belt_mm)
        stands = time_s - self._moved[0] > STANDS_S
        self.jammed = not stands and (held or self.jammed)
