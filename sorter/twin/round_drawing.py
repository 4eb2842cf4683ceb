"""Drawing a round fruit: its skin is wrapped around its axis with any side up."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.twin.drawing import LIGHT, RELIEF_STEP_PX, SHADOW, SHADOW_MM
from sorter.twin.fruit import Looks
from sorter.twin.round_fruit import SKIN_COLUMNS, SKIN_ROWS, RoundFruit, profile, skin
from sorter.twin.sprite import Relief, Sprite, assemble

ROLL_STEPS = 72
"""A rolling fruit is drawn anew every 5 degrees."""
SHINE = {"lemon": 0.12, "tomato": 0.35}

Floats = NDArray[np.float32]


def draw_round(fruit: RoundFruit, mm_per_px: float) -> Looks:
    """Render a fruit as it lies, seen from straight above.

    Args:
        fruit: what to draw.
        mm_per_px: scale of the image that the sprite is for.
    """
    side = _side_drawer(fruit, mm_per_px)
    shown = [0, side(0.0)]

    def rolled(turn: float) -> Sprite:
        step = round(turn / (2 * math.pi) * ROLL_STEPS)
        if step != shown[0]:
            shown[:] = [step, side(step * 2 * math.pi / ROLL_STEPS)]
        sprite = shown[1]
        assert isinstance(sprite, Sprite)
        return sprite

    return Looks(sprite=rolled(0.0), rolled=rolled)


def _side_drawer(fruit: RoundFruit, mm_per_px: float) -> Callable[[float], Sprite]:
    """Works out once what does not change when the fruit rolls about its axis."""
    radius_mm = fruit.diameter_mm / 2
    half_mm = radius_mm * fruit.elongation
    reach = math.ceil((max(radius_mm, half_mm) + 2 * SHADOW_MM + 2) / mm_per_px)
    at = (np.arange(-reach, reach, dtype=np.float32) + np.float32(0.5)) * np.float32(mm_per_px)
    turn = math.radians(fruit.angle_deg)
    cos, sin = np.float32(math.cos(turn)), np.float32(math.sin(turn))
    x, y = at[None, :], at[:, None]
    along, aside = cos * x + sin * y, cos * y - sin * x
    place = along / np.float32(half_mm)
    girth = profile(fruit, np.clip(place, -1, 1))
    body = np.clip((girth - np.abs(aside)) / np.float32(mm_per_px) + np.float32(0.5), 0, 1)
    body *= np.abs(place) < 1
    share = np.clip(aside / np.maximum(girth, np.float32(0.5)), -1, 1)
    up = np.sqrt(1 - share**2)
    # The normal of a spheroid; the nipple of a lemon is shaded like the flesh that it grows from.
    lean = np.clip(place, -0.97, 0.97)
    flat = np.sqrt(1 - lean**2)
    n_x = cos * lean - sin * share * flat
    n_y = sin * lean + cos * share * flat
    n_up = up * flat
    lambert = np.clip(n_x * LIGHT[0] + n_y * LIGHT[1] + n_up * LIGHT[2], 0, 1)
    light = (np.float32(0.38) + np.float32(0.72) * lambert)[:, :, None]
    halfway = LIGHT + np.array([0, 0, 1], np.float32)
    halfway /= np.linalg.norm(halfway)
    shine = np.clip(n_x * halfway[0] + n_y * halfway[1] + n_up * halfway[2], 0, 1) ** 60
    gloss = (np.float32(SHINE[fruit.kind]) * shine)[:, :, None]
    rows = ((place + 1) / 2 * SKIN_ROWS - np.float32(0.5)).astype(np.float32)
    around = np.arcsin(share) + np.float32(fruit.turned)
    wrapped = np.concatenate([(paint := skin(fruit)), paint[:, :1]], axis=1)
    shadow_at = np.array([[1, 0, 2.0 / mm_per_px], [0, 1, 2.5 / mm_per_px]], np.float32)
    cast = cv2.warpAffine(body, shadow_at, body.shape[::-1])
    shadow = SHADOW * cv2.GaussianBlur(cast, (0, 0), SHADOW_MM / 2 / mm_per_px)
    relief = _relief(fruit, along, aside, (float(cos), float(sin)))

    def side(turned: float) -> Sprite:
        columns = np.mod((around + turned) / (2 * np.pi), 1) * SKIN_COLUMNS
        painted = cv2.remap(
            wrapped,
            columns.astype(np.float32),
            rows,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        lit = np.clip(painted * light + gloss, 0, 1) * body[:, :, None]
        return assemble(lit, body, np.asarray(shadow, np.float32), mm_per_px, relief)

    return side


def _relief(fruit: RoundFruit, along: Floats, aside: Floats, run: tuple[float, float]) -> Relief:
    half = RELIEF_STEP_PX // 2
    along = along[half::RELIEF_STEP_PX, half::RELIEF_STEP_PX]
    aside = aside[half::RELIEF_STEP_PX, half::RELIEF_STEP_PX]
    last = max(0.0, fruit.diameter_mm * (fruit.elongation - 1) / 2)
    out = along - np.clip(along, -last, last)
    cos, sin = run
    return Relief(
        height_mm=fruit.diameter_mm / 2,
        aside_mm=np.dstack([out * cos - aside * sin, out * sin + aside * cos]).astype(np.float32),
        step_px=RELIEF_STEP_PX,
    )
