"""Where one lane ends and the next begins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from sorter.config import SorterConfig
from sorter.errors import SorterError
from sorter.lanes import lane_edges_mm
from sorter.ruler.linear import LinearRuler
from sorter.twin.load import Layout
from tests.factories import make_config

END = {"name": "end", "default": True}


def outlet(lane: int) -> dict[str, Any]:
    return {"name": f"{lane}", "lane": lane, "channel": lane, "at_mm": 420, "grades": ["good"]}


def machine(*lanes: int, **belt: object) -> SorterConfig:
    """200 mm across, with an outlet on some lanes."""
    known = {"mm_per_tick": 0.5, "length_mm": 1500}
    return make_config(outlets=[*map(outlet, lanes), END], belt=known | belt)


def edges_mm(config: SorterConfig) -> list[float]:
    return lane_edges_mm(config, LinearRuler(config.camera))


def test_the_lanes_that_outlets_name_share_the_image_alike() -> None:
    assert edges_mm(machine(0)) == []
    assert edges_mm(machine(0, 3)) == pytest.approx([50, 100, 150])


def test_a_last_lane_without_an_outlet_takes_its_part_where_the_edges_are_given() -> None:
    config = machine(0, 1, 2, lane_edges_mm=[50.0, 100.0, 150.0])

    assert config.lanes == 4
    assert edges_mm(config) == [50, 100, 150]


def test_an_outlet_beyond_the_last_edge_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"2 has a lane beyond the last of belt\.lane_edges"):
        machine(0, 2, lane_edges_mm=[100.0])


def test_an_edge_beyond_what_the_camera_sees_is_refused() -> None:
    with pytest.raises(SorterError, match="has 1500, but the camera sees 200 mm across"):
        edges_mm(machine(0, 1, lane_edges_mm=[1500.0]))


def test_a_beam_in_a_lane_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValidationError, match="there is no lane 5; the last one is 1"):
        make_config(
            outlets=[outlet(0), outlet(1), END],
            board={"passed_beam": {"at_mm": 1400, "lane": 5}},
        )


def test_edges_that_do_not_ascend_are_refused() -> None:
    with pytest.raises(ValidationError, match="has to ascend"):
        machine(0, 1, lane_edges_mm=[100.0, 100.0])


def test_the_twin_lays_fruit_between_the_same_edges() -> None:
    assert Layout(lanes=2).bounds_mm(200) == [0, 100, 200]
    assert Layout(lanes=2, lane_edges_mm=(80.0,)).bounds_mm(200) == [0, 80, 200]
    assert np.diff(Layout(lanes=4).bounds_mm(200)).tolist() == [50, 50, 50, 50]
