"""`sorter calibrate`: the guided calibration before the running camera."""

from __future__ import annotations

from sorter.cli.calibrate_station import Station
from sorter.config import CameraConfig
from sorter.ruler.calibration import CalibrationError
from sorter.ruler.collecting import DifferentViews, Stamped, on_belt
from sorter.ruler.solve_belt import OnBelt
from sorter.ruler.solve_lens import solve_lens
from sorter.ruler.target import Target, View

VIEWS = 14
"""To start with; more are asked for when these do not make a lens."""
MORE_VIEWS = 4
MOST_VIEWS = 34
STANDING_FRAMES = 6
GONE_AFTER = 3
"""Frames without the board after which it has left the field of view."""
LONGEST_RUN_S = 30.0
"""A belt that does not carry the board away in this time is stopped all the same."""


def hold_at_slants(station: Station, camera: CameraConfig, target: Target) -> list[View]:
    """Step 1: views of the board held by hand, taken when it is held still somewhere new.

    Raises:
        CalibrationError: no lens can be made of what was seen, or the camera shows nothing.
    """
    different = DifferentViews(target, camera.field_px[0])
    wanted = VIEWS
    station.wait_for_enter(
        f"Step 1 of 2, the lens: hold the {target.name} before the camera, tip it by each of its "
        "edges, show it in every corner of the image and hold it still for a moment each time."
    )
    while True:
        capture = station.next_frame()
        if capture is None:
            continue
        if not different.offer_still(target.find(capture.pixels)):
            continue
        station.say(f"  view {len(different.kept)} of {wanted}")
        if len(different.kept) < wanted:
            continue
        try:
            solve_lens(target, different.kept, camera.field_px)
        except CalibrationError as error:
            if wanted >= MOST_VIEWS:
                raise
            wanted += MORE_VIEWS
            station.say(f"  not enough yet: {error}")
            continue
        return different.kept


def ride_on_belt(station: Station, target: Target) -> list[OnBelt]:
    """Step 2: the board lies on the belt, which stands, runs, and stops.

    Raises:
        CalibrationError: the board is not seen, or the camera shows nothing.
        BoardError: the board refuses to run the belt, or is lost.
    """
    station.wait_for_enter(
        f"Step 2 of 2, the belt: lay the {target.name} flat on the belt where the camera just sees "
        "the whole of it, upstream, and stand clear: the belt will run and stop by itself."
    )
    frames = _standing(station, target)
    if not any(frame.view for frame in frames):
        raise CalibrationError(
            f"the camera does not see the {target.name} on the belt; lay it where it is seen whole"
        )
    station.say("  the belt runs")
    station.run_belt()
    try:
        frames += _running(station, target)
    finally:
        station.stop_belt()
    frames += _standing(station, target)
    seen = on_belt(frames)
    station.say(f"  the belt has stopped; the {target.name} was seen in {len(seen)} frames")
    return seen


def _standing(station: Station, target: Target) -> list[Stamped]:
    frames: list[Stamped] = []
    while len(frames) < STANDING_FRAMES:
        frame = _next(station, target)
        if frame is not None:
            frames.append(frame)
    return frames


def _running(station: Station, target: Target) -> list[Stamped]:
    frames: list[Stamped] = []
    gone = 0
    until_s = station.session.now_s + LONGEST_RUN_S
    while gone < GONE_AFTER and station.session.now_s < until_s:
        frame = _next(station, target)
        if frame is not None:
            frames.append(frame)
            gone = 0 if frame.view else gone + 1
            station.alive()
    return frames


def _next(station: Station, target: Target) -> Stamped | None:
    capture = station.next_frame()
    if capture is None:
        return None
    view = target.find(capture.pixels)
    # By now the board has told where the belt was on either side of the exposure.
    station.step()
    return Stamped(time_s=capture.time_s, tick=station.tick_at(capture.time_s), view=view)
