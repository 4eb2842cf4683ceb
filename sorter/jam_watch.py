"""Is an item jammed in the camera's view?"""

from __future__ import annotations

from sorter.standstill import Standstill


class JamWatch:
    """Remembers a jam until the belt stands, and a person may be taking the item out.

    Not only while it is seen: what stands still in the image for long becomes part of the empty
    belt's picture, and is still there.
    """

    def __init__(self) -> None:
        self.jammed = False
        """An item is held, or was when the belt last ran."""
        self._standstill = Standstill()

    def see(self, held: bool, time_s: float, belt_mm: float) -> None:
        """Take in one frame.

        Args:
            held: something holds an item in sight.
            time_s: of the frame.
            belt_mm: belt travel at the frame.
        """
        stands = self._standstill.see(time_s, belt_mm)
        self.jammed = not stands and (held or self.jammed)
