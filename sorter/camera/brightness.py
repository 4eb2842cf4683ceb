"""Is the picture black, or has its exposure shifted?"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sorter.camera.steady import SEEN_S, Steady
from sorter.frame import Pixels

Floats = NDArray[np.float64]

DARK_LEVEL = 16
"""A picture in which nothing is brighter is black."""
COVERED_LEVEL, COVERED_CONTRAST, COVERED_SHARE = 48, 16, 0.5
"""Nothing in the picture is brighter than the first, nor does it differ by more than the second,
and it has less than the third of its usual light: that shows no belt, only the sensor's pedestal or
what covers the lens."""
SHIFT = math.log(1.25)
"""Of brightness, beyond what lamps drift by."""
MEMORY_S = 30.0
"""Time constant of the picture's usual brightness."""
KNOWN_S = 20.0
"""Before that nobody knows how much the usual brightness swings."""
SWINGS = 2.0
"""A beat of flicker and frame rate reaches so much further than its mean swing, and more."""
ACCEPTED_S = 30.0
"""A picture that has been so long at another brightness is the usual one from then on."""
QUANTILES = np.array([0.1, 0.25, 0.5, 0.75, 0.9])
SAMPLES = 900
"""Pixels of each frame that tell its brightness."""
FLOOR = 4.0
"""Added to levels before they are compared, so that noise near black counts little."""
SATURATED = 250.0
GREEN = 1


class BrightnessWatch:
    """Compares the brightness of pictures with what it was just before, and with what is usual.

    Items come and go and change the picture's mean. But they leave some part of it as it was, for
    the belt is seen between them; a shift of the exposure moves every part the same way. So the
    shift is the least that any quantile of a channel's brightness shows, where all agree in its
    direction; a single quantile that is as it was tells that there is none. That holds within a
    second, in which the load changes little. A load that changes more is told from a shift by the
    belt's own light, where the finder knows it.
    """

    def __init__(self) -> None:
        self.dark = False
        self.shifted = False
        """The picture, or one of its colours, is much brighter or darker than it was."""
        self.shift = 0.0
        """Logarithm of the picture's brightness over the usual one."""
        self._picture, self._belt = Steady(), Steady()
        self._usual: Floats | None = None
        self._belt_usual: Floats | None = None
        """The belt's light before it shifted; None unless it did."""
        self._swing = 0.0
        self._known_s = 0.0
        self._watched_from_s = -math.inf
        """Before that it was shifted: the way back is no shift."""
        self._last_s = 0.0
        self._shifted_since_s: float | None = None

    def sample(
        self, pixels: Pixels, time_s: float, light: tuple[float, float, float] | None
    ) -> None:
        """Take in one frame, in some tens of microseconds.

        Args:
            pixels: height × width × 3.
            time_s: when it was taken.
            light: level of the empty belt in it, by channel; None where nobody knows.
        """
        height, width = pixels.shape[:2]
        every = max(1, round(math.sqrt(height * width / SAMPLES)))
        some = pixels[every // 2 :: every, every // 2 :: every].reshape(-1, 3)
        # By channel in one piece: sorted several times faster than in strides.
        levels = np.sort(np.ascontiguousarray(some.T), axis=1)
        quantiles = levels[:, (QUANTILES * (len(some) - 1)).astype(int)].T
        self._picture.add(quantiles.astype(np.float64), time_s)
        if light is not None:
            self._belt.add(np.array(light, np.float64), time_s)

    def see(self, small: Pixels, time_s: float) -> None:
        """Judge what was sampled so far.

        Args:
            small: height × width × 3, the last frame scaled down.
            time_s: when it was taken.
        """
        self.dark = self._is_dark(small)
        if self.dark:
            self._picture.clear()
            self._belt.clear()
            # The dark is no time in which the usual light was known.
            self._last_s = time_s
            return
        now = self._picture.mean(time_s)
        if now is None:
            return
        passed_s, self._last_s = max(0.0, time_s - self._last_s), time_s
        if self._usual is None:
            self._usual, passed_s = now, 0.0
        belt = self._belt.mean(time_s)
        if not self.shifted:
            self._look_for_step(now, belt, time_s)
        if self.shifted:
            self.shifted = not self._is_back(now, belt)
            self._watched_from_s = time_s
        else:
            self._look_for_drift(now)
        if not self.shifted:
            self._shifted_since_s = None
            self._learn(now, passed_s)
        elif self._shifted_since_s is None:
            self._shifted_since_s = time_s
        elif time_s - self._shifted_since_s > ACCEPTED_S:
            self._usual, self._shifted_since_s = now, None
            self.shifted, self.shift = False, 0.0

    def _is_dark(self, small: Pixels) -> bool:
        levels = np.sort(small[:, :, 1], axis=None)
        low, middle, high = (int(levels[int(q * (levels.size - 1))]) for q in (0.005, 0.5, 0.995))
        if high < DARK_LEVEL:
            return True
        if self._usual is None or high >= COVERED_LEVEL or high - low > COVERED_CONTRAST:
            return False
        return bool(middle < COVERED_SHARE * self._usual[2, GREEN])

    def _look_for_step(self, now: Floats, belt: Floats | None, time_s: float) -> None:
        """What was before a step is what is usual: it may have been so for seconds only."""
        before = self._picture.mean(time_s, before=True)
        if before is None or time_s - SEEN_S < self._watched_from_s:
            return
        belt_before = self._belt.mean(time_s, before=True)
        stepped = bool((np.abs(_common(_change(now, before))) > SHIFT).any())
        if belt is not None and belt_before is not None:
            # The finder may take other things for belt; then the picture is as bright as before.
            step = _change(belt, belt_before)
            seen = np.nan_to_num(_change(now, before)).mean(axis=0)
            agrees = seen * np.sign(step) > np.abs(step) / 2
            stepped = stepped or bool(((np.abs(step) > SHIFT) & agrees).any())
        if stepped:
            self._usual, self._belt_usual, self.shifted = before, belt_before, True

    def _look_for_drift(self, now: Floats) -> None:
        assert self._usual is not None
        changes = _common(_change(now, self._usual))
        if not math.isnan(changes[GREEN]):
            self.shift = float(changes[GREEN])
        if self._known_s < KNOWN_S:
            return
        if (np.abs(changes) > SHIFT + SWINGS * self._swing).any():
            self._belt_usual, self.shifted = None, True

    def _is_back(self, now: Floats, belt: Floats | None) -> bool:
        """Most of the picture is as usual: single quantiles may be so by the load of the moment."""
        assert self._usual is not None
        changes = np.median(np.nan_to_num(_change(now, self._usual)), axis=0)
        self.shift = float(changes[GREEN])
        if belt is not None and self._belt_usual is not None:
            # A channel that was saturated before and is so now tells nothing.
            by_belt = np.nan_to_num(_change(belt, self._belt_usual))
            changes = np.concatenate([changes, by_belt])
        return bool((np.abs(changes) <= SHIFT).all())

    def _learn(self, now: Floats, passed_s: float) -> None:
        assert self._usual is not None
        self._known_s += passed_s
        share = passed_s / min(MEMORY_S, self._known_s) if self._known_s > 0 else 0.0
        share = min(1.0, share)
        self._usual = self._usual + (now - self._usual) * share
        self._swing += (abs(self.shift) - self._swing) * share


def _change(now: Floats, then: Floats) -> Floats:
    """Logarithm of how much brighter it is; NaN where both are too bright to tell."""
    changes = np.log((now + FLOOR) / (then + FLOOR))
    return np.where((now < SATURATED) | (then < SATURATED), changes, math.nan)


def _common(changes: Floats) -> Floats:
    """By how much all of each channel has changed, at least; NaN where not in one way.

    Args:
        changes: quantiles × channels; NaN where nothing tells.
    """
    blank = np.isnan(changes)
    nearest = np.where(blank, math.inf, np.abs(changes)).argmin(axis=0)
    least = np.take_along_axis(changes, nearest[None], axis=0)[0]
    up = np.where(blank, math.inf, changes).min(axis=0) > 0
    down = np.where(blank, -math.inf, changes).max(axis=0) < 0
    return np.where(up | down | (np.abs(least) <= SHIFT), least, math.nan)
