"""Drawing a cucumber: its skin is painted straight, then bent and turned into the image."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from sorter.twin.cucumber import Cucumber
from sorter.twin.sprite import Relief, Sprite, assemble

OVERSAMPLE = 2
"""Drawn this much finer than the image, then averaged down."""
RELIEF_STEP_PX = 8
END_SHARE = 0.35
"""Radius of the blunt ends by the thickness."""
STALK_MM = 5.0
STALK_THICKNESS_MM = 7.0
SHADOW_MM = 4.0
"""How far the soft shadow reaches."""
SHADOW = 0.3
LIGHT = np.array([-0.35, -0.45, 0.82], np.float32)
"""Direction to the lamp: image right, image down, up from the belt."""
YELLOW = np.array([0.16, 0.62, 0.68], np.float32)
SCAR = np.array([0.34, 0.46, 0.54], np.float32)

Floats = NDArray[np.float32]


def draw(cucumber: Cucumber, mm_per_px: float) -> Sprite:
    """Render a cucumber as it lies, seen from straight above.

    Args:
        cucumber: what to draw.
        mm_per_px: scale of the image that the sprite is for.
    """
    fine_mm = mm_per_px / OVERSAMPLE
    half_angle = _half_angle(cucumber.bend_mm / cucumber.length_mm)
    skin = _skin(cucumber, half_angle, fine_mm)
    along, aside = _bent_coordinates(cucumber, half_angle, mm_per_px)
    # remap() looks up pixels of the straight skin, whose middle is the origin.
    columns = along / fine_mm + (skin.shape[1] - 1) / 2
    rows = aside / fine_mm + (skin.shape[0] - 1) / 2
    drawn = cv2.remap(skin, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    size = (along.shape[1] // OVERSAMPLE, along.shape[0] // OVERSAMPLE)
    drawn = cv2.resize(drawn, size, interpolation=cv2.INTER_AREA)
    body = np.ascontiguousarray(drawn[:, :, 3])
    offset = np.array([[1, 0, 2.0 / mm_per_px], [0, 1, 2.5 / mm_per_px]], np.float32)
    cast = cv2.warpAffine(body, offset, size)
    shadow = SHADOW * cv2.GaussianBlur(cast, (0, 0), SHADOW_MM / 2 / mm_per_px)
    return assemble(
        drawn[:, :, :3],
        body,
        np.asarray(shadow, np.float32),
        mm_per_px,
        _relief(cucumber, half_angle, along, aside),
    )


def _relief(cucumber: Cucumber, half_angle: float, along: Floats, aside: Floats) -> Relief:
    step = RELIEF_STEP_PX * OVERSAMPLE
    radius = cucumber.length_mm / (2 * half_angle)
    along = np.ascontiguousarray(along[step // 2 :: step, step // 2 :: step])
    aside = aside[step // 2 :: step, step // 2 :: step]
    # Beyond the last sphere of either end the way is that to the sphere's centre.
    last = cucumber.length_mm / 2 - END_SHARE * cucumber.thickness_mm
    foot = np.clip(along, -last, last) / radius
    here = along / radius
    out = radius - aside
    a = out * np.sin(here) - radius * np.sin(foot)
    b = radius * np.cos(foot) - out * np.cos(here)
    turn = math.radians(cucumber.angle_deg)
    x, y = a * math.cos(turn) - b * math.sin(turn), a * math.sin(turn) + b * math.cos(turn)
    return Relief(
        height_mm=cucumber.thickness_mm / 2,
        aside_mm=np.dstack([x, y]).astype(np.float32),
        step_px=RELIEF_STEP_PX,
    )


def _half_angle(bend_share: float) -> float:
    """Half the angle of an arc by its sagitta over its length: (1 - cos a) / 2a, solved for a."""
    low, high = 1e-4, 2.0
    for _ in range(40):
        middle = (low + high) / 2
        if (1 - math.cos(middle)) / (2 * middle) < bend_share:
            low = middle
        else:
            high = middle
    return high


def _bent_coordinates(
    cucumber: Cucumber, half_angle: float, mm_per_px: float
) -> tuple[Floats, Floats]:
    """For each fine pixel of the image: millimetres along the middle line and aside of it."""
    radius = cucumber.length_mm / (2 * half_angle)
    chord = 2 * radius * math.sin(min(half_angle, math.pi / 2))
    turn = math.radians(cucumber.angle_deg)
    cos, sin = math.cos(turn), math.sin(turn)
    margin = cucumber.thickness_mm / 2 + cucumber.bend_mm / 2 + 2 * SHADOW_MM + 2
    half_w = round((abs(cos) * chord / 2 + margin) / mm_per_px) * OVERSAMPLE
    half_h = round((abs(sin) * chord / 2 + margin) / mm_per_px) * OVERSAMPLE
    fine_mm = np.float32(mm_per_px / OVERSAMPLE)
    x = (np.arange(-half_w, half_w, dtype=np.float32) + np.float32(0.5)) * fine_mm
    y = (np.arange(-half_h, half_h, dtype=np.float32) + np.float32(0.5)) * fine_mm
    a = np.float32(cos) * x + np.float32(sin) * y[:, None]
    b = np.float32(cos) * y[:, None] - np.float32(sin) * x
    # The arc's apex lies bend/2 off the middle of the drawing, its centre one radius from there.
    b = np.float32(radius) - (b + np.float32(cucumber.bend_mm / 2))
    return np.float32(radius) * np.arctan2(a, b), np.float32(radius) - np.hypot(a, b)


def _skin(cucumber: Cucumber, half_angle: float, fine_mm: float) -> Floats:
    """The cucumber laid straight, stalk to the right: colour × coverage and coverage, h × w × 4."""
    rng = default_rng(cucumber.skin_seed)
    widest_mm = cucumber.thickness_mm * (1 + abs(cucumber.bulge)) / 2 + 2
    half_w = math.ceil((cucumber.length_mm / 2 + 1) / fine_mm)
    half_h = math.ceil(widest_mm / fine_mm)
    u = (np.arange(-half_w, half_w, dtype=np.float32) + np.float32(0.5)) * np.float32(fine_mm)
    v = (np.arange(-half_h, half_h, dtype=np.float32) + np.float32(0.5)) * np.float32(fine_mm)
    half_thickness = _profile(cucumber, u, rng)
    body = np.clip((half_thickness - np.abs(v[:, None])) / np.float32(fine_mm) + 0.5, 0, 1)
    body[:, half_thickness <= 0] = 0
    colour = _paint(cucumber, u, v, half_thickness, rng)
    light = _shading(cucumber, half_angle, u, v, half_thickness)
    prickles = _prickles(cucumber, (half_h * 2, half_w * 2), fine_mm, rng)
    lit = colour * (light + prickles)[:, :, None]
    side = v[:, None] / np.maximum(half_thickness, 1)
    gloss = np.exp(-(((side + 0.35) / 0.22) ** 2)) * (0.10 + 0.05 * rng.random())
    lit += (gloss * np.clip(light, 0, 1))[:, :, None].astype(np.float32)
    return np.dstack([np.clip(lit, 0, 1) * body[:, :, None], body]).astype(np.float32)


def _profile(cucumber: Cucumber, u: Floats, rng: Generator) -> Floats:
    """Half the thickness along the middle line, in mm; 0 beyond the ends."""
    half = cucumber.length_mm / 2
    flesh_half = half - STALK_MM / 2
    place = np.clip((u + STALK_MM / 2) / flesh_half, -1, 1)
    blunt = np.where(place < 0, 5.0, 3.4)
    shape = np.sqrt(np.clip(1 - np.abs(place) ** blunt, 0, 1))
    shape = shape * (1 - cucumber.bulge * place * 0.9)
    shape *= 1 - cucumber.waist * np.exp(-(((place - cucumber.waist_at) / 0.3) ** 2))
    shape *= 1 + 0.012 * np.sin(place * rng.uniform(6, 12) + rng.uniform(0, 6))
    shape *= cucumber.thickness_mm / 2 / shape.max()
    stalk = np.where((u > 0) & (u <= half), STALK_THICKNESS_MM / 2, 0)
    return np.asarray(np.maximum(shape, stalk), np.float32)


def _paint(
    cucumber: Cucumber, u: Floats, v: Floats, half_thickness: Floats, rng: Generator
) -> Floats:
    """Reflectance of the skin, height × width × 3."""
    shape = (len(v), len(u))
    place = (u / (cucumber.length_mm / 2))[None, :]
    green = np.asarray(cucumber.colour, np.float32)
    mottle = cv2.resize(
        rng.normal(1, 0.10, (8, 48)).astype(np.float32),
        (shape[1], shape[0]),
        interpolation=cv2.INTER_CUBIC,
    )
    # Pale stripes run from the blossom end (left) and fade towards the stalk.
    side = np.clip(v[:, None] / np.maximum(half_thickness, 1), -1, 1)
    around = np.arcsin(side)
    stripes = np.clip(np.sin(around * rng.uniform(5, 7) + rng.uniform(0, 6)), 0, 1)
    pale = stripes * np.clip(-place + 0.1, 0, 1) * 0.5 + np.clip(-place - 0.8, 0, 1) * 1.2
    paint = green * (mottle * (1 + pale))[:, :, None]
    if cucumber.yellowing:
        border = -1 + 2 * cucumber.yellowing + 0.25 * (mottle - 1) / 0.1
        turned = np.clip((border - place) / 0.6 + 0.5, 0, 1)[:, :, None] * np.float32(0.9)
        paint = paint * (1 - turned) + YELLOW * mottle[:, :, None] * turned
    for _ in range(cucumber.scars):
        _scar(paint, rng)
    paint[:, u > cucumber.length_mm / 2 - STALK_MM] = green * 1.3 + 0.05
    return np.asarray(paint, np.float32)


def _scar(paint: Floats, rng: Generator) -> None:
    height, width = paint.shape[:2]
    mask = np.zeros((height, width), np.float32)
    cv2.ellipse(
        mask,
        (int(rng.integers(width // 10, width * 9 // 10)), int(rng.integers(height))),
        (int(rng.integers(width // 80, width // 18)), int(rng.integers(2, max(3, height // 14)))),
        float(rng.uniform(-25, 25)),
        0,
        360,
        float(rng.uniform(0.4, 0.85)),
        -1,
    )
    mask = cv2.GaussianBlur(mask, (0, 0), 2)[:, :, None]
    paint[:] = paint * (1 - mask) + SCAR * mask


def _shading(
    cucumber: Cucumber, half_angle: float, u: Floats, v: Floats, half_thickness: Floats
) -> Floats:
    """Brightness of a body of revolution under the lamp; Lambert's law with some stray light."""
    side = np.clip(v[:, None] / np.maximum(half_thickness, 0.5), -1, 1)
    up = np.sqrt(1 - side**2)
    # The middle line turns by its arc, and the whole by the item's angle.
    turn = math.radians(cucumber.angle_deg) + u / (cucumber.length_mm / 2) * half_angle
    lamp_aside = -np.sin(turn) * LIGHT[0] + np.cos(turn) * LIGHT[1]
    lambert = np.clip(side * lamp_aside + up * LIGHT[2], 0, 1)
    return np.asarray(0.35 + 0.85 * lambert, np.float32)


def _prickles(cucumber: Cucumber, shape: tuple[int, int], fine_mm: float, rng: Generator) -> Floats:
    """Warts as small bright dots with a dark side; added to the brightness."""
    relief = np.zeros(shape, np.float32)
    height, width = shape
    spots = rng.uniform((0.03, 0.05), (0.94, 0.95), (cucumber.prickles, 2)) * (width, height)
    radius = max(1, round(0.8 / fine_mm))
    for x, y in spots.astype(int).tolist():
        cv2.circle(relief, (x + radius, y + radius), radius, -0.22, -1)
        cv2.circle(relief, (x, y), radius, 0.5, -1)
    return np.asarray(cv2.GaussianBlur(relief, (0, 0), 0.6 / fine_mm), np.float32)
