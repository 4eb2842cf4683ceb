from __future__ import annotations

import numpy as np
import pytest

from sorter.ruler.calibration import CalibrationError
from sorter.ruler.gauge import Pass, audit


def passes(size_mm: float, *, lane: int = 0, times: int = 40, spread_mm: float = 0.5) -> list[Pass]:
    draws = np.random.default_rng(int(size_mm) + lane).normal(size_mm, spread_mm, times)
    return [Pass(lane=lane, measured_mm=float(value)) for value in draws]


def test_each_body_in_each_lane_has_its_offset_and_sharpness() -> None:
    seen = passes(101) + passes(151, lane=1, spread_mm=0.2) + passes(150, lane=0)

    by_body = audit([150, 100], seen)

    assert [(one.body_mm, one.lane, one.passes) for one in by_body] == [
        (100, 0, 40),
        (150, 0, 40),
        (150, 1, 40),
    ]
    assert [one.offset_mm for one in by_body] == pytest.approx([1, 0, 1], abs=0.25)
    assert [one.sharpness_mm for one in by_body] == pytest.approx([0.5, 0.5, 0.2], rel=0.3)


def test_the_offsets_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(400):
        draws = [Pass(lane=0, measured_mm=float(value)) for value in rng.normal(80.5, 1, 6)]
        (reading,) = audit([80], draws)
        held += abs(reading.offset_mm - 0.5) <= reading.offset_error_mm

    assert 0.92 <= held / 400 <= 0.98


def test_a_body_that_passed_too_rarely_is_told() -> None:
    with pytest.raises(CalibrationError, match="150 mm passed 0 times in lane 0"):
        audit([100, 150], passes(100))


@pytest.mark.parametrize("bodies", [[], [100, 100], [-5]])
def test_bodies_without_a_size_of_their_own_are_refused(bodies: list[float]) -> None:
    with pytest.raises(CalibrationError, match="each once"):
        audit(bodies, passes(100))
