"""A lamp that flickers deeply while the rows are exposed one after the other: a wave of light.

How many waves an image shows, and how deep they are, is the lamp's and the shutter's, and stays;
where the wave begins changes from frame to frame. So a lamp is looked for once, among all that a
lamp and a shutter could do, and then followed by its phase alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sorter.finding.bands import Floats, grey_and_apart

Counts = NDArray[np.int32]

BIN = 0.05
"""Width of a bin of brightness, as a share."""
DARKEST, BRIGHTEST = 0.35, 2.4
"""Brightness of a sample that may be belt, by the one looked for."""
BINS = math.ceil(math.log(BRIGHTEST / DARKEST) / BIN)
ROOM = 24
"""Bins at either side that stay empty: a wave may lie there in part."""
NEAR = 0.1
"""Share by which samples may differ from the wave that is fitted to them."""

WAVES = np.arange(0.4, 5.0, 0.15)
"""That an image may show: 100 Hz and 8 ms from the first row to the last make 0.8."""
DEPTHS = np.array([0.14, 0.22, 0.31])
PHASES = 24
"""Waves and depths lie close enough for the fit to find the rest of the way."""
DEEPEST = 0.45
"""Share; a fit that goes beyond has gone astray."""
LEVELS = 4
"""Bins by which the light may have changed all over between two frames."""
LEVELS_OF_A_JUMP = 14
"""The same when one lamp of two fails, or the camera exposes anew."""
LEVELS_AT_FIRST = 9
"""Bins by which a frequent colour may differ from that of the belt under the lamp's mean."""

BETTER = 1.3
"""By so much more samples have to agree on a wave than on one brightness: fruit, wet belt and
shadow, which are grey as well, do not rise and fall over all rows like a sine."""
LEAST_SHARE = 0.12
"""Of all samples that have to lie on the wave."""
STEADY_SHARE = 0.75
"""Of the grey samples; where so many are of one brightness, no lamp is looked for."""
ASTRAY_SHARE = 0.25
"""Of the samples on the wave, where it is bright or dark: more of the brightness of the rest show
that something lies in such rows, and that the belt beside it is lit as ever."""
ASTRAY_BINS = 4
"""So many away from the brightness that most samples have, a row counts as bright or dark."""
STEPS = 4
"""Of the fit, until it lies on the samples."""
SINE, SINE_SHARE = 0.075, 0.8
"""Share of the light by which samples may lie beside a fitted wave, and share of the grey samples
that have to lie so close: a wet stripe over the belt's length is a step, and not a sine."""
MUCH_BETTER = 1.8
"""By so much more samples on the wave than of one brightness, it may be a sawtooth as well. Two
brightnesses, wet and dry, never come so far."""
SEARCH_EVERY = 8
"""Frames between two searches; each takes some milliseconds."""
POOR_SHARE = 0.6
"""Of the grey samples: with fewer on the known wave another one may explain them better."""
FORGET = 60
"""Frames without its wave after which a lamp is taken for steady again."""
LEARNING = 0.2
"""Share by which a frame corrects what is known of the lamp."""
STIFFNESS = 0.02
"""Of the fit, as a share of the rows: less than a wave in view does not tell its depth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """Light of the rows of one frame."""

    waves: float
    """From the first row of the grid to the last one."""
    level: float
    """The lamp's mean."""
    sine: float
    cosine: float

    @property
    def depth(self) -> float:
        """Share by which the light rises and falls."""
        return math.hypot(self.sine, self.cosine) / self.level

    def rows(self, count: int) -> Floats:
        """Light of so many rows, as a share of the lamp's mean."""
        angle = _angles(self.waves, count)
        light = self.sine * np.sin(angle) + self.cosine * np.cos(angle)
        return np.asarray(1 + light / self.level, np.float32)


class Lamp:
    """What is known of the lamp over the belt."""

    def __init__(self) -> None:
        self._known: Wave | None = None
        self._unseen = 0
        self._wait = 0

    def see(self, ratios: Floats, tolerance: float) -> Wave | None:
        """The wave in one frame.

        Args:
            ratios: rows × columns × 3, a grid over the image: to the belt under the light of the
                frame before.
            tolerance: within which a sample's channels are alike where it shows belt.

        Returns:
            None where the light is steady, or nearly so.
        """
        grey = _grey(ratios, tolerance)
        counts = _counts(grey)
        poor = POOR_SHARE * np.count_nonzero(grey)
        score, wave = 0, None
        for levels in (LEVELS, LEVELS_OF_A_JUMP):
            if self._known is not None and score < poor:
                score, wave = self._follow(counts, levels)
        wave = _fitted(wave, grey) if wave is not None and score > _steady(counts) else None
        self._wait -= 1
        if self._wait < 0 and (wave is None or score < poor):
            other = _search(grey, counts, LEVELS)
            self._wait = SEARCH_EVERY
            if other is not None:
                self._known, wave = None, other
        self._keep(wave)
        return wave

    def find(self, ratios: Floats, tolerance: float) -> Wave | None:
        """The wave in a frame of which only a frequent colour is known: see `see`."""
        grey = _grey(ratios, tolerance)
        wave = _search(grey, _counts(grey), LEVELS_AT_FIRST)
        if wave is not None:
            self._known = None
            self._keep(wave)
        return wave

    def _follow(self, counts: Counts, levels: int) -> tuple[int, Wave]:
        assert self._known is not None
        waves, depth = np.array([self._known.waves]), np.array([self._known.depth])
        return _best(counts, _curves(waves, depth, len(counts)), waves, depth, levels)

    def _keep(self, wave: Wave | None) -> None:
        if wave is None:
            self._unseen += 1
            if self._unseen > FORGET:
                self._known = None
            return
        self._unseen = 0
        if self._known is None:
            self._known = wave
            return
        waves = self._known.waves + LEARNING * (wave.waves - self._known.waves)
        depth = self._known.depth + LEARNING * (wave.depth - self._known.depth)
        self._known = Wave(waves=waves, level=1.0, sine=depth, cosine=0.0)


def _grey(ratios: Floats, tolerance: float) -> Floats:
    """Brightness of the samples of the belt's colour, rows × columns; 0 for the others."""
    grey, apart = grey_and_apart(ratios)
    like = (apart < tolerance * grey) & (grey > DARKEST) & (grey < BRIGHTEST)
    return np.asarray(np.where(like, grey, np.float32(0)), np.float32)


def _steady(counts: Counts) -> int:
    """Samples of the one brightness that most have."""
    return int(counts.sum(axis=0).max())


def _counts(grey: Floats) -> Counts:
    """Samples of each row within one bin of a brightness, rows × bins with `ROOM`."""
    rows = len(grey)
    wide = BINS + 2 * ROOM
    like = grey > 0
    bins = (np.log(np.maximum(grey, np.float32(DARKEST))) - np.float32(math.log(DARKEST))) / BIN
    places = (np.arange(rows)[:, None] * wide + ROOM + bins.astype(np.int64))[like]
    counts = np.bincount(places, minlength=rows * wide).reshape(rows, wide)
    near = counts.copy()
    near[:, 1:] += counts[:, :-1]
    near[:, :-1] += counts[:, 1:]
    return np.asarray(near, np.int32)


def _angles(waves: float, rows: int) -> NDArray[np.float64]:
    return 2 * math.pi * waves * np.linspace(0, 1, rows)


def _curves(waves: NDArray[np.float64], depths: NDArray[np.float64], rows: int) -> Counts:
    """Bins of each row: waves × depths × phases × rows, where the lamp's mean is as ever."""
    at = np.linspace(0, 1, rows)
    phases = np.linspace(0, 1, PHASES, endpoint=False)
    turns = waves[:, None, None, None] * at + phases[:, None]
    light = 1 + depths[:, None, None] * np.sin(2 * math.pi * turns)
    bins = np.floor(np.log(light / DARKEST) / BIN).astype(np.int32)
    places = bins + ROOM + np.arange(rows, dtype=np.int32) * (BINS + 2 * ROOM)
    return np.asarray(places.reshape(-1, rows), np.int32)


@lru_cache(maxsize=4)
def _all_curves(rows: int) -> Counts:
    return _curves(WAVES, DEPTHS, rows)


def _best(
    counts: Counts,
    curves: Counts,
    waves: NDArray[np.float64],
    depths: NDArray[np.float64],
    levels: int,
) -> tuple[int, Wave]:
    """The curve that most samples lie on, and how many."""
    flat = counts.ravel()
    best = (-1, 0, 0)
    for level in range(-levels, levels + 1):
        scores = flat[curves + level].sum(axis=1)
        k = int(scores.argmax())
        best = max(best, (int(scores[k]), k, level))
    score, k, level = best
    which, phase = divmod(k, PHASES)
    w, d = divmod(which, len(depths))
    angle = 2 * math.pi * phase / PHASES
    mean = math.exp(level * BIN)
    deep = mean * float(depths[d])
    wave = Wave(
        waves=float(waves[w]),
        level=mean,
        sine=deep * math.cos(angle),
        cosine=deep * math.sin(angle),
    )
    return score, wave


def _search(grey: Floats, counts: Counts, levels: int) -> Wave | None:
    rows, belt = len(grey), np.count_nonzero(grey)
    steady = _steady(counts)
    if steady >= STEADY_SHARE * belt:
        return None
    score, wave = _best(counts, _all_curves(rows), WAVES, DEPTHS, levels)
    if score < BETTER * steady or score < LEAST_SHARE * grey.size:
        return None
    light = wave.level * wave.rows(rows)
    at = np.floor(np.log(light / DARKEST) / BIN).astype(np.int64) + ROOM
    usual = int(counts.sum(axis=0).argmax())
    off = np.abs(at - usual) >= ASTRAY_BINS
    on_wave = int(counts[np.arange(rows), at][off].sum())
    astray = int(counts[off, usual].sum())
    if astray > ASTRAY_SHARE * on_wave:
        return None
    for _ in range(STEPS):
        wave = _fitted(wave, grey)
    light = wave.level * wave.rows(rows)
    near = np.count_nonzero(np.abs(grey / light[:, None] - 1) < SINE)
    return wave if near >= min(SINE_SHARE * belt, MUCH_BETTER * steady) else None


def _fitted(wave: Wave, grey: Floats) -> Wave:
    """A step of Gauss and Newton towards the samples near a wave."""
    rows = len(grey)
    angle = _angles(wave.waves, rows)
    sine, cosine = np.sin(angle), np.cos(angle)
    light = wave.level + wave.sine * sine + wave.cosine * cosine
    near = np.abs(grey / light[:, None].astype(np.float32) - 1) < NEAR
    weight = near.sum(axis=1)
    seen = np.where(near, grey, np.float32(0)).sum(axis=1)
    # Half the samples of a row tell as much as all: neighbours share its light.
    weight = np.minimum(weight, grey.shape[1] // 4)
    off = seen / np.maximum(near.sum(axis=1), 1) - light
    swing = angle * (wave.sine * cosine - wave.cosine * sine) / wave.waves
    terms = np.stack([np.ones(rows), sine, cosine, swing], axis=1)
    weighted = terms * weight[:, None]
    stiff = STIFFNESS * rows * max(1, grey.shape[1] // 4) * np.diag([1.0, 1.0, 1.0, 0.1])
    level, more_sine, more_cosine, more_waves = np.linalg.solve(
        weighted.T @ terms + stiff, weighted.T @ off
    ).tolist()
    better = replace(
        wave,
        waves=min(max(wave.waves + more_waves, 0.2), 6.0),
        level=wave.level + level,
        sine=wave.sine + more_sine,
        cosine=wave.cosine + more_cosine,
    )
    return better if 0 < better.depth < DEEPEST else wave
