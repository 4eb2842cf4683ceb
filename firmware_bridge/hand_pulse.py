"""An outlet that is opened by hand, by time."""

from __future__ import annotations


class HandPulse:
    """At most one at a time; a repeat of the last one is known by its key."""

    def __init__(self) -> None:
        self._key = 0
        self._left_ms = 0
        self.mask = 0
        """The outlet that is open, one bit a channel."""

    @property
    def running(self) -> bool:
        """Its time is not over."""
        return self._left_ms > 0

    def is_repeat(self, key: int) -> bool:
        """Whether this is the last one again."""
        return key == self._key

    def begin(self, key: int, channel: int, duration_ms: int) -> None:
        """Open an outlet."""
        self._key = key
        self.mask = 1 << channel
        self._left_ms = duration_ms

    def forget(self) -> None:
        """A new session counts its keys anew."""
        self._key = 0

    def end(self) -> None:
        """Close it before its time."""
        self.mask = self._left_ms = 0

    def cut(self, mask: int) -> None:
        """Close it if it is among these outlets; either way its time is over."""
        self.mask &= ~mask
        self._left_ms = 0

    def pass_ms(self) -> None:
        """A millisecond has passed."""
        if self._left_ms:
            self._left_ms -= 1
            if self._left_ms == 0:
                self.mask = 0
