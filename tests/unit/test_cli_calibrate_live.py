"""`sorter calibrate` at a machine: the virtual board, its belt, a rendered camera, an operator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.random import default_rng

from firmware_bridge.board import BoardError
from firmware_bridge.plant import InputPin
from sorter.bundle import BundleError
from sorter.cli.board_session import BoardSession
from sorter.cli.calibrate_live import hold_at_slants, ride_on_belt
from sorter.cli.calibrate_station import Station
from sorter.cli.calibrate_way import beams_mm_per_tick, mark_mm_per_tick, outlet_at_mm
from sorter.config import (
    BeltConfig,
    CameraConfig,
    FinderConfig,
    ModelConfig,
    OutletConfig,
    SorterConfig,
)
from sorter.frame import Capture, Pixels
from sorter.ruler.calibration import CalibrationError
from sorter.ruler.sheet import PAPERS
from sorter.ruler.solving import solve
from sorter.twin.board_photos import held_photos
from sorter.twin.crops import CUCUMBERS
from sorter.twin.lens_map import render_flat
from sorter.twin.optics import TYPICAL_DISTORTION, Optics
from sorter.twin.placed import Placed
from sorter.twin.scene import Scene
from sorter.virtual_line import VirtualLineBoard

CAMERA = CameraConfig(width=640, height=360, mm_per_px=0.8)
OPTICS = Optics.over(CAMERA, distortion=TYPICAL_DISTORTION, tilt_deg=(1.4, -1.1, 0.7))
TARGET = PAPERS["a4"].target
PICTURE = np.pad(TARGET.picture(60), 30, constant_values=255)
CONFIG = SorterConfig(
    camera=CAMERA,
    belt=BeltConfig(mm_per_tick=0.5, speed_mm_per_s=300),
    outlets=[
        OutletConfig(name="first", channel=0, at_mm=500, grades=["A"]),
        OutletConfig(name="end", default=True),
    ],
)
FRAME_S = 0.1


class Rig:
    """Time passes only while the program waits; the operator does at once what is said."""

    def __init__(self, see: Callable[[float], Iterator[Pixels] | Pixels]) -> None:
        self.now_s = 5.0
        self.board = VirtualLineBoard(CONFIG)
        self.said: list[str] = []
        self.enter_at_mm: float | None = None
        """Belt travel at which Enter is pressed without being asked for."""
        self.ended = False
        self._asked = False
        self._see = see
        self._frame_at_s = self.now_s
        session = BoardSession(self.board, clock=lambda: self.now_s, wait=self._wait)
        session.connect()
        self.station = Station(session=session, operator=self, say=self.say, frames=self)

    @property
    def travel_mm(self) -> float:
        return self.board._belt.travel_mm

    def say(self, sentence: str) -> None:
        self.said.append(sentence)
        self._asked = "press Enter." in sentence

    def pressed(self) -> bool:
        if self.enter_at_mm is not None and self.travel_mm >= self.enter_at_mm:
            self.enter_at_mm = None
            return True
        asked, self._asked = self._asked, False
        return asked

    def take(self, wait_s: float = 0.0) -> Capture | None:
        if self.now_s < self._frame_at_s or self.ended:
            return None
        self._frame_at_s = self.now_s + FRAME_S
        pixels = self._see(self.travel_mm)
        assert isinstance(pixels, np.ndarray)
        return Capture(pixels=pixels, time_s=self.now_s, index=0)

    def _wait(self, duration_s: float) -> None:
        self.now_s += duration_s


def empty(travel_mm: float) -> Pixels:
    return np.full((360, 640, 3), 190, np.uint8)


def board_on_belt(travel_mm: float) -> Pixels:
    return render_flat(
        OPTICS,
        PICTURE,
        mm_per_px=TARGET.square_mm / 60,
        along_mm=-110 + travel_mm,
        across_mm=144,
        turn_deg=2,
    )


def held_for_a_moment() -> Callable[[float], Pixels]:
    """Each slant for two frames."""
    photos = iter([pixels for photo in held_photos(OPTICS, TARGET) for pixels in (photo, photo)])
    return lambda travel_mm: next(photos)


def test_a_test_item_is_found_by_the_finder_that_will_sort() -> None:
    model = ModelConfig(path=Path("no-such.sorter"))
    config = CONFIG.model_copy(update={"finder": FinderConfig(source="detector"), "model": model})
    with pytest.raises(BundleError, match=r"no-such\.sorter"):
        outlet_at_mm(Rig(empty).station, config, "first", 1)


def test_the_guided_calibration_takes_views_by_itself_and_runs_the_belt() -> None:
    rig = Rig(held_for_a_moment())
    views = hold_at_slants(rig.station, CAMERA, TARGET)
    rig._see = board_on_belt
    seen = ride_on_belt(rig.station, TARGET)

    solved = solve(CAMERA, TARGET, views, seen)

    assert len(views) == 14
    assert "  view 14 of 14" in rig.said
    assert solved.belt.mm_per_tick == pytest.approx(0.5, rel=0.002)
    assert solved.calibration.latency_s == pytest.approx(0, abs=0.002)
    assert solved.calibration.mm_per_px == pytest.approx(0.8, rel=0.005)


def test_the_belt_stands_again_when_the_board_has_left_the_view() -> None:
    rig = Rig(board_on_belt)

    ride_on_belt(rig.station, TARGET)

    travel_mm = rig.travel_mm
    assert 150 < travel_mm < 700
    for _ in range(200):
        rig.station.step()
    assert rig.travel_mm == travel_mm


def test_a_board_that_moves_or_stays_where_it_was_is_no_new_view() -> None:
    shown = list(held_photos(OPTICS, TARGET))[:3]
    order = iter([shown[0], shown[1], shown[2], shown[2], shown[2], shown[2]])
    rig = Rig(lambda travel_mm: next(order))

    with pytest.raises(StopIteration):
        hold_at_slants(rig.station, CAMERA, TARGET)

    assert [line for line in rig.said if line.startswith("  view")] == ["  view 1 of 14"]


def test_a_belt_without_the_board_does_not_run() -> None:
    rig = Rig(empty)

    with pytest.raises(CalibrationError, match="does not see the board"):
        ride_on_belt(rig.station, TARGET)

    assert rig.travel_mm == 0


def test_a_camera_that_stops_stops_the_belt() -> None:
    rig = Rig(board_on_belt)

    def last_seen(travel_mm: float) -> Pixels:
        rig.ended = travel_mm > 40
        return board_on_belt(travel_mm)

    rig._see = last_seen

    with pytest.raises(CalibrationError, match="shows nothing new"):
        ride_on_belt(rig.station, TARGET)

    travel_mm = rig.travel_mm
    for _ in range(200):
        rig.station.step()
    assert rig.travel_mm == travel_mm < 150


def test_a_program_that_does_nothing_more_lets_the_belt_stop() -> None:
    rig = Rig(board_on_belt)
    rig.station.run_belt()

    # Bytes still go to and fro, as from a program whose camera hangs.
    rig.station.session.until(lambda events: rig.now_s > 10, 60)

    assert rig.travel_mm < 300


def test_an_emergency_stop_is_told_when_the_belt_is_to_run() -> None:
    rig = Rig(board_on_belt)
    rig.board.drive(InputPin.ESTOP, True)
    for _ in range(100):
        rig.station.step()

    with pytest.raises(BoardError, match="emergency stop is latched"):
        rig.station.run_belt()


def test_an_outlets_distance_is_that_of_an_item_stopped_before_it() -> None:
    cucumber = CUCUMBERS.grow("M", default_rng(3))
    sprite = CUCUMBERS.draw(cucumber, CAMERA.mm_per_px).sprite
    scene = Scene(CAMERA, default_rng(4))
    starts: list[float] = []

    def item_coming(travel_mm: float) -> Pixels:
        near = [Placed(sprite=sprite, at_mm=at_mm, across_mm=144.0) for at_mm in starts]
        return scene.render(travel_mm, 0.0, near)

    rig = Rig(item_coming)

    def lay_one(sentence: str) -> None:
        rig.said.append(sentence)
        rig._asked = "press Enter." in sentence
        if sentence.startswith("Pass"):
            starts[:] = [rig.travel_mm + 300]
            rig.enter_at_mm = starts[0] + 330
            rig._asked = True

    rig.station.say = lay_one
    rig.say = lay_one  # type: ignore[method-assign]

    found = outlet_at_mm(rig.station, CONFIG, "first", 2)

    # The belt coasts on after Enter; the item is where it is.
    assert len(found) == 2
    assert found[-1] == pytest.approx(rig.travel_mm - starts[0], abs=1.0)


def test_a_pass_without_an_item_does_not_count() -> None:
    rig = Rig(empty)

    def stop_soon(sentence: str) -> None:
        rig.said.append(sentence)
        rig._asked = "press Enter." in sentence
        if sentence.startswith("Pass"):
            rig.enter_at_mm = rig.travel_mm + 100

    rig.station.say = stop_soon

    assert outlet_at_mm(rig.station, CONFIG, "first", 1) == []
    assert "the camera saw 0 items" in "".join(rig.said)


def test_two_beams_give_the_length_of_a_tick() -> None:
    rig = Rig(empty)
    step = rig.station.session.step

    def through_the_beams() -> list[object]:
        at_mm = rig.travel_mm % 900
        rig.board.drive(InputPin.ENTRY_BEAM, 100 <= at_mm < 140)
        rig.board.drive(InputPin.PASSED_BEAM, 500 <= at_mm < 540)
        return list(step())

    rig.station.session.step = through_the_beams  # type: ignore[method-assign, assignment]

    found = beams_mm_per_tick(rig.station, 400, 2)

    assert found == pytest.approx([0.5, 0.5], rel=0.005)


def test_a_mark_gives_the_length_of_a_tick() -> None:
    rig = Rig(empty)
    asked: list[str] = []

    def pushed_by_hand(sentence: str) -> None:
        asked.append(sentence)
        if sentence.startswith("Move"):
            start_mm = rig.travel_mm
            rig.station.run_belt()
            while rig.travel_mm < start_mm + 250:
                rig.station.step()
                rig.station.alive()
            rig.station.stop_belt()
            moved_mm.append(rig.travel_mm - start_mm)
        rig._asked = True

    moved_mm: list[float] = []
    rig.station.say = pushed_by_hand

    (found,) = mark_mm_per_tick(rig.station, 250, 1)

    assert found == pytest.approx(250 / (moved_mm[0] / 0.5), rel=0.005)


def test_a_mark_that_did_not_move_the_encoder_is_told() -> None:
    rig = Rig(empty)

    with pytest.raises(CalibrationError, match="counted 0 ticks"):
        mark_mm_per_tick(rig.station, 250, 1)
