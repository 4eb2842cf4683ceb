"""A slice of the fault campaign that `make bench-board` runs in full."""

from pathlib import Path

import pytest

from benchmarks.board.memory import MEMORY_LIMIT_BYTES, sizes
from firmware_bridge.framing import encode
from tests.contract.wire import shot_command
from tests.hil.campaign import Tally, run_campaign
from tests.hil.faults import FAULTS, WRAPS
from tests.hil.machine import Machine

pytestmark = pytest.mark.hil

SEEDS = range(1, 9)


@pytest.fixture(scope="module")
def tally(built_firmware: Path) -> Tally:
    tally = Tally()
    for seed in SEEDS:
        tally.add(run_campaign(seed))
    return tally


def test_every_kind_of_fault_hits_a_frame_in_flight_or_an_armed_shot(tally: Tally) -> None:
    assert set(tally.hits) == {*FAULTS, *WRAPS}
    assert min(tally.hits.values()) >= len(SEEDS) - 1


def test_no_shot_fires_twice(tally: Tally) -> None:
    assert tally.twice == []


def test_no_outlet_is_open_outside_of_a_window(tally: Tally) -> None:
    assert tally.outside == []


def test_every_shot_ends_in_a_report_that_says_what_the_pins_did(tally: Tally) -> None:
    assert tally.unreported == []
    assert tally.misreported == []


def test_the_machine_goes_on_after_every_fault(tally: Tally) -> None:
    assert tally.hangs == []
    assert tally.fired >= 0.6 * tally.commanded


def test_the_board_counts_every_tick_and_the_clocks_bound_contains_the_truth(tally: Tally) -> None:
    assert tally.miscounted == []
    assert tally.clock_errors == 0


def test_the_stack_fits_beside_the_static_memory_whatever_happens(tally: Tally) -> None:
    _, data, bss = sizes()
    assert data + bss + tally.worst_stack <= MEMORY_LIMIT_BYTES


def test_the_same_seed_gives_the_same_tally(built_firmware: Path) -> None:
    assert run_campaign(99) == run_campaign(99)


def test_an_outlet_that_nobody_commanded_is_noticed(built_firmware: Path) -> None:
    machine = Machine(1)
    machine.start()
    identity = machine.board.identity
    assert identity is not None
    first = machine.board_tick + 40
    rogue = shot_command(9_999, first, first + 5, boot_nonce=identity.boot_nonce, session=1)
    machine.shot_every_us = 0
    machine.sim.send(encode(rogue, 250))
    machine.run(100_000)
    assert len(machine.outside) == 1


def test_a_pulse_two_ticks_beside_its_window_is_noticed(built_firmware: Path) -> None:
    machine = Machine(1)
    machine.start()
    machine.shot_every_us = 0
    machine.shoot(200, 10)
    shifted = machine.commanded[1]
    shifted.open_at -= 2
    shifted.close_at -= 2
    machine.run(400_000)
    assert len(machine.outside) == 1
