"""The empty belt: learnt at the start, refreshed slowly, under a light that may jump."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.finding.bands import every_row, find_bands, without_bands
from sorter.finding.belt_fit import Floats, fit_belt, frame_rows, frequent
from sorter.finding.lamp import Lamp
from sorter.finding.standing import Standing
from sorter.frame import Pixels

Plane = NDArray[np.uint8]

ONE = 128
"""Value of a pixel that is as bright as the empty belt, in what `compare` returns."""
CONTRAST_LEVELS = 12.0
CONTRAST = 0.12
"""By either of them, the greater, an item differs from the belt; sensor noise is about a tenth."""
SAMPLES = 1600
"""Pixels that tell the light of a frame."""
WAVE_SEEDS = 3
"""Colours under which a lamp's wave is looked for when nothing is known."""
FIT_SAMPLES = 3600
"""Pixels that tell the belt from the fruit when nothing is known."""
ROW_SAMPLES_PX = 8
"""Distance of the pixels in a row that tell whether it shows the machine's frame."""
BELT_SHARE = 0.12
"""Of the samples that have to look like belt; with fewer the light has changed in some other way
than all over."""
GREY = 0.15
"""Share by which the channels of a jump may differ."""
DARKEST_BELT = 4.0
"""Levels. With less the lens is covered or the lamp is off: what would be learnt is no belt, and
nothing could be told from it when the light is back."""
FIT_EVERY = 8
"""Frames between two attempts to learn the belt anew: each takes a few milliseconds."""
STRIPS = 8
"""A frame refreshes one strip of the belt's picture, so that every frame costs the same."""
SLOWEST_LEARNING = 0.12
"""Share of a new frame in a refreshed strip; follows a drift of seconds."""


class Background:
    """What the camera would see with nothing on the belt, at the size of the small frames.

    Light changes much faster than a belt: lamps flicker, warm up, or fail, and a camera may change
    its exposure. So each frame's light is estimated first, as a gain for each channel, from the
    pixels that look like belt; pixels are then compared by their ratio to the belt. Where no gain
    explains the frame, the belt is fitted anew.
    """

    def __init__(self) -> None:
        self._mean: list[Floats] = []
        self._belt: list[Plane] = []
        self._planes: list[Plane] = []
        self._gain = np.ones(3, np.float64)
        self._lamp = Lamp()
        self._wave: Floats | None = None
        self._bands: Floats | None = None
        self._level = float(ONE)
        self._frame = 0
        self._next_fit = 0
        self._visits = 0
        self._standing = Standing()
        self.contrast = CONTRAST
        """Least difference of an item, as a share of the belt's brightness."""

    @property
    def gain(self) -> tuple[float, float, float]:
        """Light of the last frame by channel, relative to the belt as it is kept."""
        blue, green, red = self._gain.tolist()
        return blue, green, red

    def belt(self, rows: slice, columns: slice, gain: Sequence[float] = (1.0, 1.0, 1.0)) -> Pixels:
        """A part of the empty belt under a light that was."""
        planes = [
            cv2.convertScaleAbs(np.ascontiguousarray(belt[rows, columns]), alpha=light)
            for belt, light in zip(self._belt, gain, strict=True)
        ]
        return np.asarray(cv2.merge(planes), np.uint8)

    def see(self, small: Pixels, *, anew: bool = False) -> Pixels | None:
        """Find this frame's light.

        Args:
            small: height × width × 3; a change of shape starts all over.
            anew: the light has changed, but not by one gain all over the image.

        Returns:
            The frame without the bands of a flickering lamp, for `compare`; None where the belt
            cannot be told from the rest.
        """
        self._frame += 1
        if not self._belt or self._belt[0].shape != small.shape[:2]:
            self._start(small.shape[0], small.shape[1])
            anew = True
        seen = (anew and self._fit(small)) or self._follow_light(small) or self._fit(small)
        if not seen:
            return None
        if self._bands is None:
            return small
        return without_bands(small, self._bands)

    def even(self, pixels: Pixels) -> Pixels:
        """The frame that was seen last, at its full size, without the lamp's wave.

        What else makes bands stays: rows of wet belt do, and fruit on them is no darker for it.

        Args:
            pixels: height × width × 3.
        """
        if self._wave is None:
            return pixels
        height = pixels.shape[0]
        at = (np.arange(height) + 0.5) * len(self._wave) / height - 0.5
        light = np.interp(at, np.arange(len(self._wave)), self._wave)
        return without_bands(pixels, light.astype(np.float32))

    def compare(self, small: Pixels) -> tuple[Plane, Plane]:
        """Ratio of each pixel to the empty belt, in 128ths: its greatest and its least channel.

        Both hold until the next frame is compared.
        """
        # Planes that are made anew for each frame would take twice the time.
        *ratios, high, low = self._planes
        ratios = list(cv2.split(small, ratios))
        for ratio, belt, gain in zip(ratios, self._belt, self._gain, strict=True):
            cv2.divide(ratio, belt, ratio, scale=ONE / gain)
        blue, green, red = ratios
        cv2.max(cv2.max(blue, green, high), red, high)
        cv2.min(cv2.min(blue, green, low), red, low)
        return high, low

    def learn(self, small: Pixels, high: Plane, covered: Plane, moved_mm: float) -> None:
        """Take in one strip of a frame.

        Args:
            small: the frame as it came. Only the lamp's wave is taken out: what shallow bands do to
                the belt evens out over time, and so do bands that the belt was learnt under.
            high: of `compare`.
            covered: 255 on items and close to them; what is 0 may still be shadow.
            moved_mm: belt travel since the frame before, forward or back.
        """
        # A shadow must not be learnt: fruit may wait on a standing belt for hours.
        near = ONE * self.contrast / 2
        lit = cv2.inRange(high, ONE - near, ONE + near)
        free = cv2.bitwise_and(lit, cv2.bitwise_not(covered))
        standing = self._standing.watch(high, cv2.bitwise_not(lit), moved_mm)
        height = small.shape[0]
        strip = self._frame % STRIPS
        rows = slice(strip * height // STRIPS, (strip + 1) * height // STRIPS)
        seen = small[rows] if self._wave is None else without_bands(small[rows], self._wave[rows])
        self._visits += 1
        share = max(SLOWEST_LEARNING, 1 / (1 + self._visits / STRIPS))
        for plane, mean, belt, gain in zip(
            cv2.split(seen), self._mean, self._belt, self._gain, strict=True
        ):
            unlit = cv2.convertScaleAbs(plane, alpha=1 / gain)
            cv2.accumulateWeighted(unlit, mean[rows], share, mask=free[rows])
            if standing is not None:
                cv2.accumulateWeighted(unlit, mean[rows], 1.0, mask=standing[rows])
            cv2.convertScaleAbs(mean[rows], dst=belt[rows])

    def _start(self, height: int, width: int) -> None:
        self._mean = [np.full((height, width), ONE, np.float32) for _ in range(3)]
        self._belt = [np.full((height, width), ONE, np.uint8) for _ in range(3)]
        self._planes = [np.empty((height, width), np.uint8) for _ in range(5)]
        self._gain = np.ones(3, np.float64)
        self._level = float(ONE)
        self._standing = Standing()
        self._next_fit = self._visits = 0

    def _samples(self, small: Pixels, every_px: tuple[int, int]) -> Floats:
        """In a grid: their ratio to the belt, rows × columns × 3."""
        grid = tuple(slice(step // 2, None, step) for step in every_px)
        belt = np.stack([plane[grid] for plane in self._belt], axis=-1)
        return np.asarray(small[grid] / np.maximum(belt, np.float32(1)), np.float32)

    def _follow_light(self, small: Pixels) -> bool:
        every_px = _every_px(small, SAMPLES)
        grid = self._samples(small, every_px)
        grid /= self._gain.astype(np.float32)
        height = small.shape[0]
        wave = self._lamp.see(grid, self.contrast)
        level = 1.0
        self._wave = None
        if wave is not None:
            level, light = wave.level, wave.rows(len(grid))
            grid /= light[:, None, None]
            self._wave = every_row(light, height, every_px[0])
        gain = self._level_out(grid, level, height, every_px[0])
        if gain is None:
            self._bands = self._wave
            ratios = grid.reshape(-1, 3)
            # A jump, of one lamp or of the shutter: all channels alike, or the fruit would do.
            jumps = np.exp(frequent(np.log(np.maximum(ratios, 1 / 512).astype(np.float64))))
            grey = [jump for jump in jumps if jump.max() < (1 + GREY) * jump.min()]
            gain = next(
                (step for jump in grey if (step := self._step(ratios, jump)) is not None), None
            )
        if gain is None or (self._gain * gain).min() * self._level < DARKEST_BELT:
            return False
        self._gain = self._gain * gain
        return True

    def _level_out(
        self, grid: Floats, level: float, height: int, every_px: int
    ) -> NDArray[np.float64] | None:
        """The light's gain near a level, once the bands that a lamp's wave has left are out."""
        rows = find_bands(grid / np.float32(level), self.contrast)
        self._bands = self._wave
        if rows is not None:
            grid = grid / rows[:, None, None]
            rest = every_row(rows, height, every_px)
            self._bands = rest if self._wave is None else self._wave * rest
        return self._step(grid.reshape(-1, 3), np.full(3, level))

    def _step(self, ratios: Floats, guess: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """The light's gain near a guess; None where too few samples agree."""
        # The second, narrow look leaves out the soft shadows that the first one takes for belt.
        for tolerance in (self.contrast, self.contrast / 2):
            near = np.abs(ratios / guess.astype(np.float32) - 1) < tolerance
            # Channel by channel, and a product: a third of the time of reductions by axis.
            belt = near[:, 0] & near[:, 1] & near[:, 2]
            count = np.count_nonzero(belt)
            if count < BELT_SHARE * len(ratios):
                return None
            guess = (belt.astype(np.float32) @ ratios).astype(np.float64) / count
            if guess.min() <= 0:
                return None
        return guess

    def _first_wave(self, samples: Floats) -> Floats | None:
        logs = np.log(np.maximum(samples.reshape(-1, 3).astype(np.float64), 1 / 512))
        for seed in np.exp(frequent(logs)[:WAVE_SEEDS]).astype(np.float32):
            wave = self._lamp.find(samples / seed, self.contrast)
            if wave is not None:
                return wave.rows(len(samples))
        return None

    def _fit(self, small: Pixels) -> bool:
        if self._frame < self._next_fit:
            return False
        self._next_fit = self._frame + FIT_EVERY
        every_px = _every_px(small, FIT_SAMPLES)
        samples = self._samples(small, every_px)
        wave = self._first_wave(samples)
        self._wave = self._bands = None
        if wave is not None:
            samples /= wave[:, None, None]
            self._wave = self._bands = every_row(wave, small.shape[0], every_px[0])
            small = without_bands(small, self._wave)
        fit = fit_belt(samples)
        if fit is None:
            return False
        light = fit.surface(*small.shape[:2])
        columns = slice(ROW_SAMPLES_PX // 2, None, ROW_SAMPLES_PX)
        belt_there = np.stack([plane[:, columns] for plane in self._belt], axis=-1)
        seen = small[:, columns] / np.maximum(belt_there * light[:, columns], 1)
        light *= frame_rows(seen)[:, None]
        means = [mean * light[:, :, channel] for channel, mean in enumerate(self._mean)]
        some = (slice(None, None, ROW_SAMPLES_PX),) * 2
        darkest = min(float(np.median(mean[some])) for mean in means)
        if darkest < DARKEST_BELT:
            return False
        self._mean = means
        for mean, belt in zip(means, self._belt, strict=True):
            cv2.convertScaleAbs(mean, dst=belt)
        self._gain = np.ones(3, np.float64)
        rows = find_bands(self._samples(small, every_px), self.contrast)
        if rows is not None:
            rest = every_row(rows, small.shape[0], every_px[0])
            self._bands = rest if self._bands is None else self._bands * rest
        self._level = darkest
        self.contrast = max(CONTRAST, CONTRAST_LEVELS / darkest)
        self._visits = 0
        return True


def _every_px(small: Pixels, wanted: int) -> tuple[int, int]:
    """Distance of the rows and columns of samples, when about so many are wanted.

    Rows lie twice as close as columns: a lamp may make several waves across them.
    """
    apart = math.sqrt(small.shape[0] * small.shape[1] / wanted / 2)
    return max(1, round(apart)), max(1, round(2 * apart))
