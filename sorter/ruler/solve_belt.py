"""The belt under a known lens, from a board that lies on it while it runs.

Its plane, the direction of its run, the length of a tick, and the camera's delay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.ruler.calibration import Calibration, CalibrationError
from sorter.ruler.projection import Projection
from sorter.ruler.solve_lens import Lens
from sorter.ruler.target import Floats, Target, View

SHORTEST_WAY_MM = 100.0
"""The board travels so far under the camera, or the run of the belt is not known well enough."""
SPEEDS_APART_MM_PER_S = 50.0
"""Delay and place are told apart by what a change of speed does to the place."""
PRINT_ERROR = 0.001
"""Standard uncertainty of the printed squares once the bar was measured: 0.1 mm on 100 mm."""
STANDING_SHARE = 0.02
"""Of the highest speed: what counts as standing."""
FLAT_DEG = 3.0
"""Most that the board's slant may differ between frames on the belt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnBelt:
    """The board lying on the belt in one frame."""

    view: View
    tick: float
    """Belt position by the frame's stamp."""
    ticks_per_s: float
    """Speed of the belt at that time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeltFit:
    """How the board moved, by least squares over all its corners."""

    mm_per_tick: float
    latency_s: float | None
    """By how much stamps lag exposures; None when the belt ran at one speed only."""
    readout_s: float | None
    """Likewise: from the first to the last row."""
    error_mm: float
    """Root mean square of what is left along the belt."""


def solve_belt(
    target: Target,
    seen: Sequence[OnBelt],
    lens: Lens,
    size_px: tuple[int, int],
    *,
    reference_px: float,
    rows_along: bool = False,
    rows_reversed: bool = False,
) -> tuple[Calibration, BeltFit]:
    """Find how the camera hangs over the belt.

    Args:
        target: the board, laid flat on the belt once and not touched after.
        seen: the board in frames while the belt ran.
        lens: of the camera.
        size_px: of the turned frames: along the belt, across it.
        reference_px: column of the reference line, from the left edge of the image.
        rows_along: the sensor's rows lie across the belt (a camera turned by 90 or 270 degrees).
        rows_reversed: the last row of the sensor is at the image's upper or left edge.

    Raises:
        CalibrationError: the frames do not tell enough, or contradict each other.
    """
    if len(seen) < 3:
        raise CalibrationError(
            f"the {target.name} is seen on the belt in {len(seen)} frames, and 3 are needed at "
            f"the least; lay it flat on the belt before the camera"
        )
    poses = [_pose(target, one.view, lens) for one in seen]
    normals = np.array([rotation[:, 2] for rotation, _ in poses])
    places = np.array([place for _, place in poses])
    still = _still(seen)
    down = normals[still].sum(axis=0)
    down /= np.linalg.norm(down)
    worst_deg = float(np.degrees(np.arccos(np.clip(normals[still] @ down, -1, 1).min())))
    if worst_deg > FLAT_DEG:
        raise CalibrationError(
            f"the {target.name} does not lie flat on the belt in every frame (it tips by "
            f"{worst_deg:.0f} degrees); lay it down, and let nobody hold it"
        )
    along = _run(seen, places, down)
    across = np.cross(down, along)
    rotation = np.column_stack([along, across, down])
    plane_at = float(np.mean(places[still] @ down))
    projection = Projection(
        matrix=lens.matrix,
        distortion=lens.distortion,
        rotation=rotation,
        translation_mm=down * plane_at,
    )
    projection = _with_origin(projection, size_px, reference_px)
    fit = _fit_motion(target, seen, projection, size_px, rows_along, rows_reversed)
    corners = sum(len(one.view.numbers) for one in seen)
    extent_px = np.mean([np.ptp(one.view.corners_px, axis=0).max() for one in seen])
    scale_error = float(np.hypot(PRINT_ERROR, lens.error_px / extent_px / np.sqrt(corners / 4)))
    calibration = Calibration.of(projection, size_px, error_px=lens.error_px).with_motion(
        scale_error=scale_error,
        readout_s=max(0.0, fit.readout_s or 0.0),
        latency_s=fit.latency_s or 0.0,
        mm_per_tick=fit.mm_per_tick,
    )
    return calibration, fit


def _pose(target: Target, view: View, lens: Lens) -> tuple[Floats, Floats]:
    found, turn, shift = cv2.solvePnP(
        target.corners_mm[view.numbers], view.corners_px, lens.matrix, lens.distortion
    )
    if not found:
        raise CalibrationError("the board's place in a frame cannot be told; use sharper frames")
    return np.asarray(cv2.Rodrigues(turn)[0], np.float64), np.asarray(shift, np.float64).ravel()


def _still(seen: Sequence[OnBelt]) -> NDArray[np.bool_]:
    """Which frames to take the plane from: a shutter that reads row by row skews what moves."""
    speeds = np.abs([one.ticks_per_s for one in seen])
    standing = speeds <= STANDING_SHARE * speeds.max()
    if not standing.any():
        raise CalibrationError(
            "the belt runs in all frames; let it stand at first with the board in view, then run"
        )
    return np.asarray(standing)


def _run(seen: Sequence[OnBelt], places: Floats, down: Floats) -> Floats:
    """Direction in which the belt runs, in camera axes."""
    ticks = np.array([one.tick for one in seen])
    slope = np.polyfit(ticks - ticks.mean(), places - places.mean(axis=0), 1)[0]
    way_mm = float(np.linalg.norm(slope) * np.ptp(ticks))
    if way_mm < SHORTEST_WAY_MM:
        raise CalibrationError(
            f"the board travels {way_mm:.0f} mm before the camera, and {SHORTEST_WAY_MM:.0f} are "
            f"needed at the least; let the belt run, and see that the encoder counts"
        )
    slope -= down * (slope @ down)
    along = slope / np.linalg.norm(slope)
    if along[0] < 0:
        raise CalibrationError(
            "the belt runs from right to left in the image, or its ticks count backwards; turn the "
            "image by camera.rotate_deg: 180, or swap the encoder's two wires"
        )
    return np.asarray(along, np.float64)


def _with_origin(
    projection: Projection, size_px: tuple[int, int], reference_px: float
) -> Projection:
    """Put the origin on the reference line at the upper edge of the image."""
    column = reference_px - 0.5
    middle, top = projection.belt_mm(np.array([[column, (size_px[1] - 1) / 2], [column, -0.5]]))
    shift = projection.rotation @ np.array([middle[0], top[1], 0.0])
    return Projection(
        matrix=projection.matrix,
        distortion=projection.distortion,
        rotation=projection.rotation,
        translation_mm=projection.translation_mm + shift,
    )


def _fit_motion(
    target: Target,
    seen: Sequence[OnBelt],
    projection: Projection,
    size_px: tuple[int, int],
    rows_along: bool,
    rows_reversed: bool,
) -> BeltFit:
    """Least squares of x = c + a·u + b·v + mm_per_tick·tick + speed·(latency + readout·row).

    (u, v) is a corner's place on the board, row its sensor row from -½ to ½. The speed is in ticks,
    so what is found for latency and readout is divided by mm_per_tick.
    """
    axis = 0 if rows_along else 1
    rows_px = size_px[axis]
    lines, values = [], []
    for one in seen:
        place = target.corners_mm[one.view.numbers, :2]
        row = one.view.corners_px[:, axis] / max(1, rows_px - 1) - 0.5
        ones = np.ones(len(place))
        lines.append(
            np.column_stack(
                [
                    ones,
                    place,
                    ones * one.tick,
                    ones * one.ticks_per_s,
                    one.ticks_per_s * (-row if rows_reversed else row),
                ]
            )
        )
        values.append(projection.belt_mm(one.view.corners_px)[:, 0])
    design, x = np.concatenate(lines), np.concatenate(values)
    speeds = np.array([one.ticks_per_s for one in seen])
    slow, fast = float(speeds.min()), float(speeds.max())
    known = np.linalg.lstsq(design[:, :4], x, rcond=None)[0]
    two_speeds = (fast - slow) * abs(known[3]) >= SPEEDS_APART_MM_PER_S
    if two_speeds:
        known = np.linalg.lstsq(design, x, rcond=None)[0]
        left = x - design @ known
    else:
        left = x - design[:, :4] @ known
    mm_per_tick = float(known[3])
    return BeltFit(
        mm_per_tick=mm_per_tick,
        # A stamp that lags the exposure tells a tick that the belt reaches only later.
        latency_s=-float(known[4]) / mm_per_tick if two_speeds else None,
        readout_s=float(known[5]) / mm_per_tick if two_speeds else None,
        error_mm=float(np.sqrt(np.mean(left**2))),
    )
