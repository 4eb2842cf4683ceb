"""The belt around a board."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from firmware_bridge.plant import InputPin, OutputPin
from sorter.twin.belt import Belt
from sorter.twin.load import load
from sorter.twin.machine import Machine, TrueOutlet
from sorter.twin.placed import Laid, Produce
from sorter.twin.script import BeltScript
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


def bins_after(*script: tuple[int, OutputPin, bool], machine: Machine = MACHINE) -> list[str]:
    belt = Belt(machine, iter(two_fruits()), ScriptedPlant(RUN, *script))
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


def pulse(share: float, for_us: int) -> tuple[tuple[int, OutputPin, bool], ...]:
    """The first outlet's pin while a part of the first fruit is there and for some time after."""
    at_us = meets_us(two_fruits()[0].produce, 400, share)
    return (at_us, FIRST, True), (at_us + for_us, FIRST, False)


def test_an_outlet_that_opens_late_needs_its_pin_early() -> None:
    slow = MACHINE.with_ejectors(opening_s=0.02, closing_s=0.02)
    # 0.02 s are 6 mm of belt: the fruit is 26 mm thick and more.
    tail = pulse(0.45, 1_000)
    assert bins_after(*tail)[0] == "first"
    assert bins_after(*tail, machine=slow)[0] == "end"
    assert bins_after(*pulse(0.2, 1_000), machine=slow)[0] == "first"


def test_an_outlet_that_closes_late_still_takes_what_follows() -> None:
    before = pulse(-0.7, 1_000)
    assert bins_after(*before)[0] == "end"
    assert bins_after(*before, machine=MACHINE.with_ejectors(closing_s=0.05))[0] == "first"


def test_an_outlet_that_is_shut_before_it_could_open_takes_nothing() -> None:
    slow = MACHINE.with_ejectors(opening_s=0.03, closing_s=0.01)
    assert bins_after(*pulse(-0.2, 5_000), machine=slow)[0] == "end"


def test_a_push_that_is_too_short_moves_nothing() -> None:
    slow = MACHINE.with_ejectors(push_s=0.01)
    assert bins_after(*pulse(0.0, 5_000), machine=slow)[0] == "end"
    assert bins_after(*pulse(0.0, 15_000), machine=slow)[0] == "first"


def test_a_push_at_the_very_end_of_a_fruit_misses_it() -> None:
    narrow = MACHINE.with_ejectors(hold_share=0.6)
    assert bins_after(*pulse(0.45, 1_000), machine=narrow)[0] == "end"
    assert bins_after(*pulse(0.2, 1_000), machine=narrow)[0] == "first"


def test_an_outlet_takes_nothing_out_of_another_lane() -> None:
    other = replace(MACHINE, outlets=(replace(MACHINE.outlets[0], lane=1),))
    assert bins_after((2_000, FIRST, True), machine=other) == ["end", "end"]


def ticks_of(plant: ScriptedPlant) -> list[int]:
    """What a quadrature decoder counts, edge by edge."""
    levels = {InputPin.ENCODER_A: False, InputPin.ENCODER_B: False}
    places = ((False, False), (True, False), (True, True), (False, True))
    tick, ticks = 0, []
    for _, pin, level in plant.driven:
        if pin not in levels or levels[pin] == level:
            continue
        levels[pin] = level
        place = places.index((levels[InputPin.ENCODER_A], levels[InputPin.ENCODER_B]))
        tick += (place - tick + 1) % 4 - 1
        ticks.append(tick)
    return ticks


def scripted(text: str, until_us: int) -> tuple[Belt, list[int]]:
    plant = ScriptedPlant(RUN)
    belt = Belt(MACHINE, iter(two_fruits()), plant, BeltScript.parse(text))
    belt.run(until_us)
    return belt, ticks_of(plant)


def test_a_belt_that_runs_back_turns_the_encoder_back_and_then_goes_on() -> None:
    belt, ticks = scripted("reverse@1:100", 4_000_000)
    turn = int(np.argmax(np.diff(ticks) < 0))
    back = ticks[turn] - min(ticks[turn:])
    assert back * 0.5 == pytest.approx(100, abs=3)
    assert ticks[-1] == belt.ticks == int(belt.travel_mm / 0.5)
    assert ticks[-1] > ticks[turn]
    assert set(np.diff(ticks)) == {-1, 1}


def test_a_slowed_belt_runs_at_a_third_for_its_time() -> None:
    plain, _ = scripted("", 4_000_000)
    slowed, _ = scripted("slow@1:2", 4_000_000)
    lost_mm = plain.travel_mm - slowed.travel_mm
    assert lost_mm == pytest.approx(2 * 300 * 2 / 3, abs=1)
    assert slowed.speed_mm_per_s == pytest.approx(300)


def test_a_belt_that_slips_falls_back_behind_its_encoder() -> None:
    belt, ticks = scripted("slip@1:8", 4_000_000)
    assert ticks[-1] * 0.5 - belt.travel_mm == pytest.approx(8, abs=0.5)
    assert belt.encoder_mm - belt.travel_mm == pytest.approx(8)
