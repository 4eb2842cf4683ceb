"""Outlines of bodies whose measures are known."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


def banana(
    *, length_mm: float, arc_rad: float, thickness_mm: float, blunt: float = 4.0, points: int = 300
) -> Points:
    """A body around an arc of a circle, as thick as given in the middle, pointed at its ends."""
    half_mm = length_mm / 2
    radius_mm = length_mm / arc_rad
    u = np.linspace(-half_mm, half_mm, points)
    half_thickness = thickness_mm / 2 * np.sqrt(1 - np.abs(u / half_mm) ** blunt)

    def side(v: Points) -> Points:
        distance = radius_mm - v
        angle = u / radius_mm
        return np.stack([distance * np.sin(angle), radius_mm - distance * np.cos(angle)], axis=1)

    return np.concatenate([side(half_thickness), side(-half_thickness)[::-1]])


def sagitta_mm(length_mm: float, arc_rad: float) -> float:
    """Height of an arc over its chord."""
    return length_mm / arc_rad * (1 - math.cos(arc_rad / 2))


def ellipse(long_mm: float, short_mm: float, points: int = 200) -> Points:
    angle = np.linspace(0, 2 * math.pi, points, endpoint=False)
    return np.stack([long_mm / 2 * np.cos(angle), short_mm / 2 * np.sin(angle)], axis=1)


def turned(points: Points, angle_rad: float, shift_mm: tuple[float, float] = (0, 0)) -> Points:
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    return np.asarray(points @ np.array([[cos, sin], [-sin, cos]]) + np.asarray(shift_mm))
