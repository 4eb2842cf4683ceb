"""What `sorter check` says of outlets that cannot do their work."""

from __future__ import annotations

from typing import Any

import pytest

from sorter.config import SorterConfig
from sorter.dispatch.layout import layout_warnings, nearest_mm
from sorter.dispatch.plan import ShotPlan
from sorter.twin.setup import demo_config, round_config
from sorter.verdict import Why
from tests.factories import make_config, make_item

PREMIUM = {"name": "premium", "channel": 0, "at_mm": 420, "grades": ["good"]}
END = {"name": "end", "default": True}


def warned(*outlets: dict[str, Any]) -> list[tuple[Any, str]]:
    return layout_warnings(make_config(outlets=[*outlets, END]))


@pytest.mark.parametrize("config", [demo_config(), round_config(), make_config()])
def test_the_built_in_machines_are_fine(config: SorterConfig) -> None:
    assert layout_warnings(config) == []


@pytest.mark.parametrize(("fps", "told"), [(4, True), (5, False)])
def test_a_camera_too_slow_for_the_boards_patience_is_told(fps: float, told: bool) -> None:
    camera = {"width": 400, "height": 200, "mm_per_px": 1.0, "fps": fps}
    found = [keys for keys, _ in layout_warnings(make_config(camera=camera))]
    assert (("camera", "fps") in found) == told


def test_an_outlet_in_the_cameras_field_is_always_too_late() -> None:
    ((keys, sentence),) = warned(PREMIUM | {"at_mm": 150})
    assert keys == ("outlets", 0, "at_mm")
    assert "too_late" in sentence


def test_an_outlet_that_opens_slowly_has_to_lie_farther() -> None:
    assert warned(PREMIUM | {"at_mm": 210}) == []
    ((_, sentence),) = warned(PREMIUM | {"at_mm": 210, "opening_ms": 100})
    assert "214 mm or farther" in sentence


def test_at_the_least_place_the_smallest_item_is_just_in_time() -> None:
    config = make_config()
    at_mm = nearest_mm(config)
    outlet = config.outlets[0].model_copy(update={"at_mm": at_mm})
    config = make_config(outlets=[outlet.model_dump(), END])
    # Its head passes 360 of 400 mm, 160 mm past the reference line, just after a frame was taken.
    tick = 1000 + (160 + 300 / 30) / 0.5
    item = make_item(reference_tick=1000.0, extent_mm=0.1)
    plan = ShotPlan(config)
    shot = plan.place(item, config.outlets[0], tick=tick - 2, ticks_per_s=600.0)
    assert not isinstance(shot, Why)
    late = ShotPlan(config).place(item, config.outlets[0], tick=tick + 2, ticks_per_s=600.0)
    assert late is Why.TOO_LATE


def test_two_outlets_before_one_item_are_named() -> None:
    second = {"name": "second", "channel": 1, "at_mm": 425, "grades": ["fair"]}
    ((keys, sentence),) = warned(PREMIUM, second)
    assert keys == ("outlets", 1, "at_mm")
    assert "second and premium lie nearer than 10 mm" in sentence
    assert warned(PREMIUM, second | {"lane": 1}) == []


def test_size_rules_without_a_calibration_are_a_warning_and_only_one() -> None:
    ((keys, sentence),) = warned(
        PREMIUM | {"length_mm": [190.0, 220.0], "bend_mm": {"max": 15.0}},
    )
    assert keys == ("outlets", 0, "length_mm")
    assert "4 %" in sentence
