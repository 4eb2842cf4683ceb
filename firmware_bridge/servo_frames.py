"""Pulses for hobby servos: one a servo in each frame of 20 ms."""

from __future__ import annotations

from firmware_bridge.board_core import Core
from firmware_bridge.compiled_in import CHANNELS

TURN_US = 2_500
"""An eighth of a frame: one outlet's turn."""


class ServoFrames:
    """The turns of the outlets.

    Args:
        now_us: when the first frame begins.
    """

    def __init__(self, now_us: int) -> None:
        self._turn = 0
        self._turn_ends_us = now_us + TURN_US
        self.high = 0
        """Outlets that have a pulse now, one bit a channel."""
        self.next_us = self._turn_ends_us
        """When something changes next."""

    def run(self, core: Core) -> None:
        """Do what is due at `next_us`."""
        if self.high:
            self.high = 0
            self.next_us = self._turn_ends_us
            return
        self._turn = (self._turn + 1) % CHANNELS
        begin_us = self.next_us
        self._turn_ends_us = begin_us + TURN_US
        pulse_us = core.pulse_us(self._turn) if core.servos >> self._turn & 1 else 0
        self.high = (1 << self._turn) if pulse_us else 0
        self.next_us = begin_us + pulse_us if 0 < pulse_us < TURN_US else self._turn_ends_us
