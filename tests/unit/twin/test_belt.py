"""The belt around a board."""

from __future__ import annotations

import numpy as np
import pytest

from firmware_bridge.plant import InputPin, OutputPin
from sorter.twin.belt import Belt
from sorter.twin.load import Laid, Produce, load
from sorter.twin.machine import Machine, TrueOutlet
from sorter.twin.setup import demo_config
from tests.unit.twin.scripted_plant import ScriptedPlant

MACHINE = Machine(
    mm_per_tick=0.5,
    length_mm=900,
    speed_mm_per_s=300,
    outlets=(
        TrueOutlet(name="first", channel=0, at_mm=400),
        TrueOutlet(name="second", channel=1, at_mm=600),
    ),
    end="end",
)
RUN = (1_000, OutputPin.BELT, True)
FIRST, SECOND = OutputPin.OUTLET_0, OutputPin.OUTLET_1
LONG_US = 8_000_000


def two_fruits() -> list[Laid]:
    return list(load(["S", "M"], demo_config().camera, np.random.default_rng(1), first_mm=250))


def meets_us(fruit: Produce, at_mm: float, share: float) -> int:
    """When a part of a fruit (-0.5 its head, 0.5 its tail) is at a place, the belt run by RUN."""
    travel_mm = fruit.at_mm + at_mm + share * fruit.along_mm
    ramp_s = 300 / 1500
    return 1_000 + round(1e6 * (ramp_s + (travel_mm - 300 * ramp_s / 2) / 300))


def bins_after(*script: tuple[int, OutputPin, bool]) -> list[str]:
    belt = Belt(MACHINE, iter(two_fruits()), ScriptedPlant(RUN, *script))
    belt.run(LONG_US)
    return [fall.bin for fall in sorted(belt.falls, key=lambda fall: fall.produce.number)]


def test_the_belt_stands_until_the_board_runs_it() -> None:
    plant = ScriptedPlant()
    belt = Belt(MACHINE, iter(two_fruits()), plant)
    belt.run(2_000_000)
    assert belt.travel_mm == 0
    assert belt.ticks == 0


def test_the_emergency_stop_chain_is_closed() -> None:
    plant = ScriptedPlant()
    Belt(MACHINE, iter(two_fruits()), plant)
    assert plant.levels[InputPin.ESTOP] is False


def test_the_encoder_makes_one_edge_a_tick_with_a_leading() -> None:
    plant = ScriptedPlant(RUN)
    belt = Belt(MACHINE, iter(two_fruits()), plant)
    belt.run(1_000_000)
    edges = [(pin, level) for _, pin, level in plant.driven if pin.name.startswith("ENCODER")]
    edges.remove((InputPin.ENCODER_B, False))  # its level at rest
    assert belt.ticks == len(edges) == int(belt.travel_mm / 0.5) > 500
    assert edges[:5] == [
        (InputPin.ENCODER_A, True),
        (InputPin.ENCODER_B, True),
        (InputPin.ENCODER_A, False),
        (InputPin.ENCODER_B, False),
        (InputPin.ENCODER_A, True),
    ]


def test_a_belt_that_is_switched_off_runs_out_and_stands() -> None:
    belt = Belt(MACHINE, iter(two_fruits()), ScriptedPlant(RUN, (501_000, OutputPin.BELT, False)))
    belt.run(3_000_000)
    # Two ramps of 0.2 s around 0.3 s of full speed.
    assert belt.travel_mm == pytest.approx(300 * (0.3 + 0.2), abs=0.1)
    assert len(belt.on_belt) == 2


def test_fruit_rides_to_the_end_when_nothing_opens() -> None:
    assert bins_after() == ["end", "end"]


def test_a_fruit_over_an_open_outlet_falls_into_it() -> None:
    fruit = two_fruits()[0].produce
    at_us = meets_us(fruit, 400, 0)
    assert bins_after((at_us, FIRST, True), (at_us + 1000, FIRST, False)) == ["first", "end"]


@pytest.mark.parametrize(("share", "bin_name"), [(-0.45, "first"), (0.45, "first")])
def test_touching_the_window_with_head_or_tail_is_enough(share: float, bin_name: str) -> None:
    at_us = meets_us(two_fruits()[0].produce, 400, share)
    assert bins_after((at_us, FIRST, True), (at_us + 1000, FIRST, False))[0] == bin_name


@pytest.mark.parametrize("share", [-0.6, 0.6])
def test_a_fruit_just_before_or_behind_an_open_outlet_stays_on(share: float) -> None:
    at_us = meets_us(two_fruits()[0].produce, 400, share)
    assert bins_after((at_us, FIRST, True), (at_us + 1000, FIRST, False)) == ["end", "end"]


def test_an_outlet_left_open_takes_everything() -> None:
    assert bins_after((2_000, SECOND, True)) == ["second", "second"]


def test_the_first_open_outlet_on_the_way_wins() -> None:
    assert bins_after((2_000, SECOND, True), (2_000, FIRST, True)) == ["first", "first"]


def test_each_fruit_can_go_its_own_way() -> None:
    one, other = (laid.produce for laid in two_fruits())
    first_us, second_us = meets_us(one, 600, 0), meets_us(other, 400, 0)
    script = sorted(
        [
            (first_us, SECOND, True),
            (first_us + 1000, SECOND, False),
            (second_us, FIRST, True),
            (second_us + 1000, FIRST, False),
        ]
    )
    assert bins_after(*script) == ["second", "first"]


def test_the_load_is_taken_on_only_as_it_comes_near() -> None:
    laid = iter(load(["M"] * 100, demo_config().camera, np.random.default_rng(1), first_mm=250))
    belt = Belt(MACHINE, laid, ScriptedPlant(RUN))
    belt.run(1_000_000)
    assert 5 < len(belt.on_belt) < 30
    assert len(belt.remaining()) == 100
