"""What each outlet may bear; the virtual board's twin of `core/limits.c`."""

from __future__ import annotations

from firmware_bridge.board import Reason
from firmware_bridge.compiled_in import CHANNELS
from firmware_bridge.kept_settings import KeptSettings
from firmware_bridge.messages import OutletSettings

_TURNS = 4
"""An outlet's heat is balanced every 4 ms."""


def _most_heat(outlet: OutletSettings) -> int:
    return ((outlet.max_on_ms + _TURNS - 1) // _TURNS + 2) * (100 - outlet.duty_percent)


class OutletLimits:
    """On-time, share of time and time between openings, counted in milliseconds.

    Heat rises by (100 - duty) and falls by duty in every 4 ms, so that only an outlet that keeps to
    its share of time cools down. An opening counts as 4 ms at once; one that has rested may stay
    open for its longest on-time all the same.
    """

    def __init__(self, settings: KeptSettings) -> None:
        self._settings = settings
        self._opened = 0
        self._counting = 0
        self._why = [Reason.NONE] * CHANNELS
        self._on_left_ms = [0] * CHANNELS
        self._rest_left_ms = [0] * CHANNELS
        self._heat = [0] * CHANNELS
        self._phase = 0
        self.resting = 0
        """Outlets that must not open now, one bit a channel."""

    def why(self, channel: int) -> Reason:
        """Why a resting outlet must not open."""
        return self._why[channel] if self._why[channel] is not Reason.NONE else Reason.MIN_CYCLE

    def opened(self, mask: int) -> None:
        """These outlets have just opened."""
        self._opened |= mask
        self.resting |= mask

    def pass_ms(self, mask: int) -> tuple[int, int]:
        """A millisecond has passed with the outlets in `mask` open.

        Returns:
            Masks of outlets to close: for their on-time, and for their share of time.
        """
        opened, self._opened = self._opened, 0
        self._counting = (self._counting | opened) & mask
        self._phase = (self._phase + 1) % _TURNS
        on_time = duty = self.resting = 0
        for channel in range(CHANNELS):
            bit = 1 << channel
            if opened & bit:
                self._begin(channel)
            counting = bool(self._counting & bit)
            if counting and self._expires(channel):
                on_time |= bit
            if channel % _TURNS == self._phase and self._overheats(channel, counting):
                duty |= bit
            self._rest(channel)
            if self._why[channel] is not Reason.NONE:
                self.resting |= bit
        return on_time, duty & ~on_time

    def _begin(self, channel: int) -> None:
        outlet = self._settings.outlets[channel]
        self._on_left_ms[channel] = outlet.max_on_ms
        self._rest_left_ms[channel] = outlet.min_cycle_ms
        self._why[channel] = Reason.MIN_CYCLE
        self._warm(channel)

    def _expires(self, channel: int) -> bool:
        self._on_left_ms[channel] -= 1
        return self._on_left_ms[channel] == 0

    def _overheats(self, channel: int, counting: bool) -> bool:
        most = _most_heat(self._settings.outlets[channel])
        if counting:
            self._warm(channel)
            if self._heat[channel] < most:
                return False
            self._why[channel] = Reason.DUTY
            return True
        duty_percent = self._settings.outlets[channel].duty_percent
        self._heat[channel] = max(self._heat[channel] - duty_percent, 0)
        if self._why[channel] is Reason.DUTY and self._heat[channel] <= most // 2:
            self._why[channel] = Reason.NONE
        return False

    def _warm(self, channel: int) -> None:
        outlet = self._settings.outlets[channel]
        heat = self._heat[channel]
        warmer = min(heat + 100 - outlet.duty_percent, _most_heat(outlet))
        self._heat[channel] = max(heat, warmer)

    def _rest(self, channel: int) -> None:
        if self._rest_left_ms[channel]:
            self._rest_left_ms[channel] -= 1
        elif self._why[channel] is Reason.MIN_CYCLE:
            self._why[channel] = Reason.NONE
