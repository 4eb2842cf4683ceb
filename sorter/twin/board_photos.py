"""What a calibration sees in the twin: the board held at slants, then carried by the belt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from sorter.camera.frames_csv import COLUMNS, FRAMES_CSV
from sorter.frame import Frame, Pixels
from sorter.ruler.target import Target
from sorter.twin.held import render_held
from sorter.twin.lens_map import render_flat
from sorter.twin.optics import Optics

PX_PER_MM = 2.5
MARGIN_MM = 12.0
"""White around the board, as its sheet has it."""
TIPS_DEG = (
    *((0.0, 0.0), (25.0, 0.0), (-25.0, 0.0), (0.0, 25.0), (0.0, -25.0), (20.0, 20.0)),
    *((-20.0, 20.0), (20.0, -20.0), (-20.0, -20.0), (15.0, -5.0), (-10.0, 18.0), (8.0, -22.0)),
    *((-18.0, -6.0), (5.0, 24.0)),
)
STANDING = 4
"""Frames before the belt runs."""


def held_photos(optics: Optics, target: Target, seed: int = 0) -> Iterator[Pixels]:
    """The board in somebody's hands, at a slant of `TIPS_DEG` each, all over the image."""
    rng = np.random.default_rng(seed)
    middle = optics.over_mm
    scale = optics.height_mm / optics.focal_px
    reach_mm = 0.15 * scale * np.array([optics.width, optics.height])
    picture, mm_per_px = _picture(target)
    for tip_deg in TIPS_DEG:
        aside = rng.uniform(-reach_mm, reach_mm)
        lift_mm = float(rng.uniform(0.02, 0.25)) * optics.height_mm
        yield render_held(
            optics,
            picture,
            mm_per_px=mm_per_px,
            middle_mm=(middle[0] + float(aside[0]), middle[1] + float(aside[1]), lift_mm),
            tip_deg=tip_deg,
        )


def belt_frames(
    optics: Optics,
    target: Target,
    *,
    mm_per_tick: float,
    speed_mm_per_s: float = 400.0,
    fps: float = 30.0,
    latency_s: float = 0.0,
) -> Iterator[Frame]:
    """The board on a belt that stands for `STANDING` frames, then runs and carries it along.

    Args:
        optics: the camera.
        target: the board.
        mm_per_tick: belt travel for a tick.
        speed_mm_per_s: of the belt once it runs.
        fps: of the camera.
        latency_s: by how much the stamps, and so the ticks, lag the exposures.
    """
    picture, mm_per_px = _picture(target)
    way_mm = 0.45 * optics.width * optics.height_mm / optics.focal_px
    running = int(way_mm / (speed_mm_per_s / fps))
    for index in range(STANDING + running):
        # It starts between two frames, as belts do: on the way the first step is half a step.
        moved_mm = max(0.0, index - STANDING + 0.5) * speed_mm_per_s / fps
        speed = speed_mm_per_s if moved_mm else 0.0
        pixels = render_flat(
            optics,
            picture,
            mm_per_px=mm_per_px,
            along_mm=optics.over_mm[0] - way_mm / 2 + moved_mm,
            across_mm=optics.over_mm[1],
            turn_deg=2.0,
            speed_mm_per_s=speed,
        )
        tick = (moved_mm + latency_s * speed) / mm_per_tick
        yield Frame(pixels=pixels, time_s=index / fps + latency_s, tick=tick, index=index)


def write_photos(folder: Path, photos: Iterator[Pixels]) -> None:
    """A folder of photos, as `sorter calibrate --lens` reads it."""
    folder.mkdir()
    for number, pixels in enumerate(photos):
        cv2.imwrite(str(folder / f"photo-{number:03d}.png"), pixels)


def write_recording(folder: Path, frames: Iterator[Frame]) -> None:
    """A recording with ticks, as `sorter calibrate --belt` reads it."""
    folder.mkdir()
    rows = [",".join(COLUMNS)]
    for frame in frames:
        name = f"frame-{frame.index:03d}.png"
        cv2.imwrite(str(folder / name), frame.pixels)
        rows.append(f"{name},{frame.time_s:.6f},{frame.tick:.3f}")
    (folder / FRAMES_CSV).write_text("\n".join(rows) + "\n", encoding="ascii")


def _picture(target: Target) -> tuple[Pixels, float]:
    """With the white margin of its sheet, and its scale."""
    drawn = target.drawn(PX_PER_MM)
    margin = round(MARGIN_MM / drawn.mm_per_px)
    return np.pad(drawn.picture, margin, constant_values=255), drawn.mm_per_px
