from __future__ import annotations

import numpy as np
import pytest

from firmware_bridge.board import Outcome, Reason, ShotReport
from sorter.decision import Decision
from sorter.errors import SorterError
from sorter.finding.finder import Finder
from sorter.frame import Frame, Pixels
from sorter.item import Sighting
from sorter.pipeline import Pipeline
from sorter.verdict import Why
from tests.belt_script import belt_script
from tests.factories import StubClassifier, draw_frame, make_config, make_sighting


def by_size(photo: Pixels) -> tuple[float, float, float]:
    """Long fruit is good: in a photo that follows the outline it is slender."""
    fruit = photo[:, :, 2] > 150
    slender = fruit.any(axis=0).sum() < 0.5 * fruit.any(axis=1).sum()
    return (0.9, 0.1, 0.0) if slender else (0.1, 0.9, 0.0)


def make_pipeline(
    finder: Finder | None = None, classifier: StubClassifier | None = None
) -> Pipeline:
    return Pipeline(
        config=make_config(),
        classifier=classifier or StubClassifier(by_size),  # type: ignore[arg-type]
        lot="today",
        finder=finder,
    )


def run(sizes_mm: list[float], *, frames: int = 60, work_ahead: bool = True) -> list[Decision]:
    """Fruit of these sizes 100 mm apart; the belt moves 20 mm (40 ticks) a frame."""
    pipeline = make_pipeline()
    decisions = []
    for index in range(frames):
        fruits = [(20.0 * index - 100 * k, 100.0, 40.0, size) for k, size in enumerate(sizes_mm)]
        decisions += pipeline.step(draw_frame(fruits, tick=40.0 * index, index=index))
        if work_ahead:
            pipeline.work_ahead()
    return decisions + pipeline.finish()


def test_each_fruit_on_the_belt_becomes_one_decision_in_belt_order() -> None:
    decisions = run([120, 60, 120])
    assert [decision.item.item_id for decision in decisions] == [1, 2, 3]
    assert [decision.outlet for decision in decisions] == ["premium", "second", "premium"]


def test_working_ahead_changes_no_decision() -> None:
    ahead, late = (run([120, 60, 120], work_ahead=yes) for yes in (True, False))
    assert ahead == late


def test_the_first_item_on_the_belt_is_not_the_first_that_is_measured_and_judged() -> None:
    classifier = StubClassifier()
    make_pipeline(classifier=classifier).warm_up()
    assert classifier.calls == [1, 2, 3]


def test_the_shot_meets_the_fruit_at_its_outlet() -> None:
    (decision,) = run([120])
    # Its middle is at column 0 at tick 0, the reference line at column 200, 0.5 mm a tick.
    assert decision.item.reference_tick == pytest.approx(400, abs=4)
    assert decision.shot is not None
    middle = (decision.shot.open_tick + decision.shot.close_tick) / 2
    assert middle == pytest.approx(400 + 420 / 0.5, abs=5)


def test_fruit_that_is_still_in_view_at_the_end_is_decided_too() -> None:
    assert len(run([120], frames=8)) == 1


def test_a_frame_of_another_size_than_configured_is_refused_with_both_sizes() -> None:
    pipeline = make_pipeline()
    with pytest.raises(
        SorterError, match=r"300 pixels along the belt and 200 across it.*400 and 200"
    ):
        pipeline.step(draw_frame([], size_px=(300, 200)))


def test_what_may_be_two_items_goes_to_the_default_outlet_as_a_double() -> None:
    class TouchingFinder:
        blind = False
        light = None

        def find(self, frame: Frame) -> list[Sighting]:
            return [make_sighting(100.0, tick=frame.tick, touching=True)]

    pipeline = make_pipeline(TouchingFinder())
    decisions = pipeline.step(draw_frame([])) + pipeline.finish()
    assert [(one.outlet, one.verdict.why, one.shot) for one in decisions] == [
        ("end", Why.DOUBLE, None)
    ]


class WatchingFinder:
    """Finds nothing and remembers how fast the belt ran in each frame."""

    blind = False
    light = None

    def __init__(self) -> None:
        self.speeds_mm_per_s: list[float] = []

    def find(self, frame: Frame) -> list[Sighting]:
        self.speeds_mm_per_s.append(frame.speed_mm_per_s)
        return []


def test_the_finder_is_told_how_fast_the_belt_runs_and_which_way() -> None:
    finder = WatchingFinder()
    pipeline = make_pipeline(finder)

    for index, tick in enumerate([100.0, 120.0, 120.0, 110.0]):
        pipeline.step(draw_frame([], tick=tick, index=index))

    # 30 frames a second, half a millimetre a tick.
    assert finder.speeds_mm_per_s == pytest.approx([0, 300, 0, -150])


def test_a_belt_that_stops_runs_back_and_slows_down_gets_one_decision_for_each_of_its_fruits() -> (
    None
):
    pipeline = make_pipeline()
    places = [(100.0 * k + 37 * (k % 3), (55.0, 150.0)[k % 2]) for k in range(9)]
    decisions = []
    for index, belt_mm in enumerate(belt_script(stop_at_mm=500.0, step_mm=20.0)):
        fruits = [(200 + belt_mm - 300 - at, across, 50.0, 60.0) for at, across in places]
        decisions += pipeline.step(draw_frame(fruits, tick=2 * belt_mm, index=index))
    decisions += pipeline.finish()
    decided = sorted(decision.item.reference_tick / 2 - 300 for decision in decisions)
    assert decided == pytest.approx(sorted(at for at, _ in places), abs=1.5)
    assert {decision.verdict.why for decision in decisions} == {Why.CLASS}


@pytest.mark.parametrize("away_frames", [1, 30 * 3600])
def test_a_board_that_was_reset_and_counts_from_elsewhere_tells_no_speed(away_frames: int) -> None:
    pipeline = make_pipeline()
    back = 1 + away_frames
    speeds = []
    for index, tick in ((0, 0.0), (1, 20.0), (back, 20.0 + 2**24), (back + 1, 40.0 + 2**24)):
        pipeline.step(draw_frame([], tick=tick, index=index))
        speeds.append(pipeline.ticks_per_s)
    assert speeds == pytest.approx([0.0, 600.0, 0.0, 600.0])


def test_nothing_is_shot_while_the_belt_cannot_be_told_from_the_fruit() -> None:
    pipeline = make_pipeline()
    for index in range(8):
        pipeline.step(draw_frame([(180 + 20.0 * index, 100, 40, 120)], tick=40.0 * index))
    chaos = np.random.default_rng(1).integers(0, 256, (200, 400, 3)).astype(np.uint8)
    decisions = []
    for index in range(8, 20):
        frame = Frame(pixels=chaos, time_s=index / 30, tick=40.0 * index, index=index)
        decisions += pipeline.step(frame)
    assert [(one.outlet, one.shot, one.verdict.why) for one in decisions] == [
        ("end", None, Why.BLIND)
    ]
    assert pipeline.blind_frames == 12


def test_the_shot_at_an_item_that_jams_just_after_it_was_decided_is_taken_back() -> None:
    pipeline = make_pipeline()
    decisions = []
    for index in range(40):
        fruit = (min(10.0 * index, 345.0), 100.0, 40.0, 120.0)
        decisions += pipeline.step(draw_frame([fruit], tick=20.0 * index, index=index))
        pipeline.release()
    assert [(one.outlet, one.shot is not None) for one in decisions] == [("premium", True)]
    assert pipeline.take_cancels() == [1]
    assert pipeline.slid == 1
    report = ShotReport(item_id=1, channel=0, outcome=Outcome.CANCELLED, reason=Reason.CANCEL)
    assert pipeline.ended(report).reason is Reason.SLID
