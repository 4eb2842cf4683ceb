"""What the shipped firmware takes for a tick, to the cycle."""

from pathlib import Path

import pytest

from benchmarks.board.encoder import glitch_counts, virtual_ticks_off_ppm
from firmware_bridge.simavr import CYCLES_PER_US

pytestmark = pytest.mark.hil


@pytest.mark.parametrize("seed", range(10))
def test_a_pulse_of_three_microseconds_moves_no_count_while_the_wire_is_full(
    built_firmware: Path, seed: int
) -> None:
    assert not glitch_counts(3 * CYCLES_PER_US, seed)


@pytest.mark.parametrize("seed", range(10))
def test_a_pulse_of_twelve_microseconds_counts_there_and_back(
    built_firmware: Path, seed: int
) -> None:
    assert glitch_counts(12 * CYCLES_PER_US, seed)


@pytest.mark.parametrize("mticks_s", [5_000_000, 1_234_567, 300_001])
def test_virtual_ticks_keep_the_belts_speed(built_firmware: Path, mticks_s: int) -> None:
    assert virtual_ticks_off_ppm(mticks_s) <= 50
