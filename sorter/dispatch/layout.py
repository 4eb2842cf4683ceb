"""Can the outlets of a config do what is asked of them?"""

from __future__ import annotations

from itertools import combinations

from firmware_bridge.compiled_in import SILENCE_US
from sorter.config import Keys, SorterConfig
from sorter.dispatch.plan import LEAD_S
from sorter.dispatch.window import NARROWEST_WINDOW_MM
from sorter.tracker import DECIDE_AT

FRAMES_IN_SILENCE = 2.5
"""So that one may be late without a stop of the belt, and a stalled camera is told from a slow one
within a second."""
SIZES = ("length_mm", "width_mm", "bend_mm", "volume_cm3")


def layout_warnings(config: SorterConfig) -> list[tuple[Keys, str]]:
    """What will go wrong on this machine, each with the key in the config that it concerns."""
    return [
        *_too_seldom(config),
        *_too_early(config),
        *_too_close(config),
        *_uncalibrated(config),
    ]


def nearest_mm(config: SorterConfig, opening_ms: float = 0.0) -> float:
    """The place of the first outlet that small items do not reach before their shot is sent.

    An item is decided when its head has passed `DECIDE_AT` of the field of view, in the frame after
    that; then the shot has to get to the board.
    """
    camera, belt = config.camera, config.belt
    field_mm = camera.field_px[0] * camera.mm_per_px
    decided_mm = DECIDE_AT * field_mm - camera.reference_mm
    on_the_way_s = 1 / camera.fps + LEAD_S + opening_ms / 1000
    return decided_mm + NARROWEST_WINDOW_MM / 2 + on_the_way_s * belt.speed_mm_per_s


def _too_seldom(config: SorterConfig) -> list[tuple[Keys, str]]:
    fps, silence_s = config.camera.fps, SILENCE_US / 1e6
    if fps * silence_s >= FRAMES_IN_SILENCE:
        return []
    sentence = (
        f"the board hears of progress with each frame, and stops the belt after {silence_s:g} s of "
        f"silence: one late frame is enough; {FRAMES_IN_SILENCE / silence_s:g} frames/s are needed"
    )
    return [(("camera", "fps"), sentence)]


def _too_early(config: SorterConfig) -> list[tuple[Keys, str]]:
    found: list[tuple[Keys, str]] = []
    for k, outlet in enumerate(config.outlets):
        least_mm = nearest_mm(config, outlet.opening_ms)
        if outlet.at_mm is not None and outlet.at_mm < least_mm:
            sentence = (
                f"{outlet.name} is reached before a shot can be sent: items will ride as too_late; "
                f"move it to {least_mm:.0f} mm or farther, or belt.speed_mm_per_s down"
            )
            found.append((("outlets", k, "at_mm"), sentence))
    return found


def _too_close(config: SorterConfig) -> list[tuple[Keys, str]]:
    found: list[tuple[Keys, str]] = []
    for (_, one), (k, other) in combinations(enumerate(config.outlets), 2):
        if one.at_mm is None or other.at_mm is None or one.lane != other.lane:
            continue
        if abs(one.at_mm - other.at_mm) < NARROWEST_WINDOW_MM:
            sentence = (
                f"{other.name} and {one.name} lie nearer than {NARROWEST_WINDOW_MM:g} mm, the "
                f"narrowest window: an item lies before both of them at once; move one"
            )
            found.append((("outlets", k, "at_mm"), sentence))
    return found


def _uncalibrated(config: SorterConfig) -> list[tuple[Keys, str]]:
    if config.camera.calibration is not None:
        return []
    sentence = (
        "sizes are known to 4 % only without camera.calibration, and what is nearer to a limit "
        "is not lifted; run 'sorter calibrate'"
    )
    ruled: list[Keys] = [
        ("outlets", k, size)
        for k, outlet in enumerate(config.outlets)
        for size in SIZES
        if getattr(outlet, size) is not None
    ]
    return [(keys, sentence) for keys in ruled[:1]]
