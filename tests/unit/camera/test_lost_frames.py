from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sorter.camera.lost_frames import LEAST_STEPS, LostFrames


@given(
    st.floats(0.004, 0.2),
    st.lists(st.integers(0, 20), min_size=1, max_size=30),
    st.floats(-0.2, 0.2),
)
def test_every_missing_frame_is_counted_once_the_period_is_known(
    period_s: float, gaps: list[int], jitter: float
) -> None:
    lost = LostFrames()
    number = 0
    for _ in range(3 * LEAST_STEPS):
        assert lost.before(number * period_s) == 0
        number += 1
    for gap in gaps:
        number += gap
        # Between two gaps the period is seen again, as it is with a camera.
        shift = jitter if gap else 0.0
        assert lost.before((number + shift) * period_s) == gap
        for _ in range(3):
            number += 1
            assert lost.before(number * period_s) == 0
        number += 1


def test_a_camera_slower_than_it_was_asked_to_be_loses_nothing() -> None:
    lost = LostFrames()

    assert [lost.before(k * 0.05) for k in range(50)] == [0] * 50


def test_a_clock_that_stands_or_runs_back_loses_nothing() -> None:
    lost = LostFrames()

    assert [lost.before(at_s) for at_s in (5.0, 5.0, 1.0, 1.1)] == [0, 0, 0, 0]


def test_after_a_frame_without_a_stamp_the_gap_says_nothing() -> None:
    lost = LostFrames()
    for k in range(20):
        lost.before(k * 0.02)
    lost.skip_one()

    assert lost.before(1.0) == 0
