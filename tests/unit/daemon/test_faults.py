from __future__ import annotations

import pytest

from firmware_bridge.plant import InputPin
from sorter.camera.health import CameraChange, CameraFault, CameraHealth
from sorter.frame import Capture, Frame
from sorter.records import Records
from tests.factories import draw_frame
from tests.unit.daemon.stage import FRAME_S, FRUIT_MM, Stage


def unplug(stage: Stage, at_frame: int, back_at_s: float) -> None:
    """The camera goes at a frame, and is back at a time."""

    def go() -> None:
        if stage.frames == at_frame:
            stage.silent_after_mm = -1.0
            stage.out = CameraChange(
                fault=CameraFault.UNPLUGGED, active=True, sentence="check its cable"
            )

    plain_take = stage.take

    def take(wait_s: float = 0.0) -> Capture | None:
        if stage.out is not None and stage.now_s > back_at_s:
            stage.out, stage.silent_after_mm = None, float("inf")
        return plain_take(wait_s)

    stage.at_frame = go
    stage.take = take  # type: ignore[method-assign]


def test_an_unplugged_camera_stops_the_belt_and_a_person_starts_it_when_it_is_back(
    stage: Stage, records: Records
) -> None:
    unplug(stage, at_frame=30, back_at_s=20.0)
    stage.fruits_mm = []
    stood_mm: list[float] = []
    go = stage.at_frame

    def person() -> None:
        go()
        if stage.now_s > 20:
            stood_mm.append(stage.belt.travel_mm)
            stage.firmware.drive(InputPin.BUTTON, not 22 < stage.now_s < 22.3)
        if stage.now_s > 25:
            stage.daemon.stop()

    stage.at_frame = person
    stage.daemon.run()

    assert stood_mm[0] == stood_mm[30]
    assert stage.belt.travel_mm > stood_mm[0] + 300
    (fault,) = (fault for fault in records.faults() if fault.name == "camera_unplugged")
    assert fault.sentence == "check its cable" and fault.cleared_at is not None
    assert "fault camera_unplugged raised: check its cable; the belt stops" in stage.said
    fed = [state for state in stage.notified if state.startswith("WATCHDOG=1")]
    assert len(fed) >= 40


def test_a_driver_that_hangs_leaves_the_service_manager_to_start_anew(stage: Stage) -> None:
    unplug(stage, at_frame=30, back_at_s=15.0)
    stage.hanging = True
    stage.fruits_mm = []
    go = stage.at_frame

    def end() -> None:
        go()
        if stage.now_s > 15:
            stage.daemon.stop()

    stage.at_frame = end
    stage.daemon.run()

    fed = [state for state in stage.notified if state.startswith("WATCHDOG=1")]
    assert len(fed) <= 4


@pytest.mark.parametrize(
    ("policy", "stops", "outlet"),
    [("warn", False, "premium"), ("doubt", False, "end"), ("stop", True, "end")],
)
def test_a_fault_of_the_picture_has_the_policy_of_the_config(
    records: Records, policy: str, stops: bool, outlet: str
) -> None:
    stage = Stage(records, faults={"exposure": policy}, health=CameraHealth())
    stage.gain_after_mm = (FRUIT_MM - 100, 0.6)
    stage.end_after_mm = FRUIT_MM + 250

    def end() -> None:
        if stage.now_s > 5:
            stage.daemon.stop()

    stage.at_frame = end
    stage.daemon.run()

    assert [row.outlet for row in records.items()] == [outlet]
    assert (stage.belt.travel_mm < FRUIT_MM + 225) == stops
    assert any("fault camera_exposure raised" in sentence for sentence in stage.said)


def test_the_belts_own_light_is_told_of_frames_that_were_looked_at(stage: Stage) -> None:
    lights: list[tuple[float, float, float] | None] = [stage.line.light]
    stage.gain_after_mm = (FRUIT_MM, 0.6)
    stage.end_after_mm = FRUIT_MM + 100
    stage.at_frame = lambda: lights.append(stage.line.light)
    stage.daemon.run()

    seen = [light[1] for light in lights if light is not None]
    assert lights[0] is None
    assert seen[-1] == pytest.approx(0.6 * seen[0], rel=0.03)


def test_a_full_bin_stops_the_belt_by_policy(stage: Stage, records: Records) -> None:
    def fill() -> None:
        if stage.frames == 30:
            stage.line_fault("bin_full")
        if stage.frames == 90:
            stage.daemon.stop()

    stage.at_frame = fill
    stage.fruits_mm = []
    stage.daemon.run()

    assert stage.belt.travel_mm < 30 * FRAME_S * stage.config.belt.speed_mm_per_s + 200
    assert "bin_full" in [fault.name for fault in records.faults()]


def test_a_camera_that_repeats_one_picture_stops_the_belt_and_is_opened_anew(
    records: Records,
) -> None:
    stage = Stage(records, health=CameraHealth())
    stage.fruits_mm = [FRUIT_MM + 100.0 * k for k in range(20)]
    stage.frozen_after_mm = FRUIT_MM
    stage.at_frame = lambda: stage.daemon.stop() if stage.now_s > 6 else None
    stage.daemon.run()

    # A second until it is noticed, and half a second of the board's silence.
    assert FRUIT_MM < stage.belt.travel_mm < FRUIT_MM + 1.5 * 300
    assert "camera_frozen" in [fault.name for fault in records.faults()]
    assert "one picture again and again" in stage.distrusted[0]


def test_a_dark_camera_is_opened_anew_only_where_the_belt_stands_for_it(records: Records) -> None:
    distrusted = {}
    for policy in ("doubt", "stop"):
        stage = Stage(records, faults={"dark": policy}, health=CameraHealth())
        stage.gain_after_mm = (FRUIT_MM, 0.0)
        stage.fruits_mm = []
        stage.at_frame = lambda here=stage: here.daemon.stop() if here.now_s > 4 else None
        stage.daemon.run()
        distrusted[policy] = bool(stage.distrusted)

    assert distrusted == {"doubt": False, "stop": True}


def test_a_fruit_in_a_picture_that_stays_is_sent_to_its_outlet_once(records: Records) -> None:
    stage = Stage(records, health=CameraHealth())
    stage.fruits_mm = [FRUIT_MM]
    stage.frozen_after_mm = FRUIT_MM + 140
    stage.at_frame = lambda: stage.daemon.stop() if stage.now_s > 4 else None
    stage.daemon.run()

    assert "camera_frozen" in [fault.name for fault in records.faults()]
    assert len(list(records.items())) == 1
    assert stage.line.counts.repeated_frames > 10


@pytest.mark.parametrize(("policy", "taken_back"), [("warn", False), ("doubt", True)])
def test_what_was_decided_shortly_before_a_fault_of_the_picture_was_noticed_is_taken_back(
    records: Records, policy: str, taken_back: bool
) -> None:
    stage = Stage(records, faults={"exposure": policy}, health=CameraHealth())
    stage.fruits_mm = [FRUIT_MM + 80.0 * k for k in range(20)]
    stage.gain_after_mm = (FRUIT_MM + 400, 0.6)
    stage.at_frame = lambda: stage.daemon.stop() if stage.now_s > 8 else None
    stage.daemon.run()

    rows = [row for row in records.items() if row.delivery_reason == "camera"]
    assert bool(rows) == taken_back
    assert {(row.outlet, row.delivery) for row in rows} <= {("premium", "cancelled")}
    assert stage.line.counts.unfired["camera"] == len(rows)
    # What was fired stays as it is.
    assert "fired" in {row.delivery for row in records.items()}


def test_a_fault_that_only_warns_takes_nothing_back_though_another_one_doubts(
    records: Records,
) -> None:
    stage = Stage(records, faults={"exposure": "warn", "bin_full": "doubt"}, health=CameraHealth())
    stage.fruits_mm = [FRUIT_MM + 80.0 * k for k in range(20)]
    stage.gain_after_mm = (FRUIT_MM + 400, 0.6)

    def person() -> None:
        if FRUIT_MM + 420 < stage.belt.travel_mm < FRUIT_MM + 450:
            stage.line_fault("bin_full")
        if stage.now_s > 8:
            stage.daemon.stop()

    stage.at_frame = person
    stage.daemon.run()

    assert stage.line.doubted
    assert {"camera_exposure", "bin_full"} <= {fault.name for fault in records.faults()}
    assert stage.line.counts.unfired["camera"] == 0


def test_a_fruit_that_jams_in_view_is_one_record_and_those_that_pass_it_are_sorted(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(records, health=CameraHealth())

    def draw(fruits: list[tuple[float, float, float, float]]) -> Frame:
        jammed = min(stage.belt.travel_mm - 100, 335.0)
        passing = [(stage.belt.travel_mm - 300 - 150 * k, 40.0, 60.0, 40.0) for k in range(8)]
        return draw_frame([(jammed, 150.0, 60.0, 40.0), *passing])

    monkeypatch.setattr("tests.unit.daemon.stage.draw_frame", draw)
    stage.at_frame = lambda: stage.daemon.stop() if stage.belt.travel_mm > 2300 else None
    stage.daemon.run()

    rows = list(records.items())
    assert len(rows) == 1 + 8
    assert [(row.item_id, row.delivery) for row in rows if row.delivery_reason == "slid"] == [
        (1, "cancelled")
    ]
    assert stage.line.counts.slid == 1
    (fault,) = (fault for fault in records.faults() if fault.name == "item_jammed")
    assert "take it out" in fault.sentence and fault.cleared_at is None
