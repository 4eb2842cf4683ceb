"""What simavr does not show by itself: a receiver that overruns, and the cost of interrupts."""

from pathlib import Path
from random import Random

import pytest

from benchmarks.board.host import BenchHost
from benchmarks.board.memory import MEMORY_LIMIT_BYTES, sizes
from firmware_bridge.plant import OUTLET_PINS, InputPin
from firmware_bridge.simavr import CYCLES_PER_US, Simavr
from firmware_bridge.simavr_probe import ENTRY_CYCLES, Probe

pytestmark = pytest.mark.hil

BYTE_CYCLES = 10 * 64
"""Of a real wire at 250 000 baud; simavr's byte takes eleven bits."""


@pytest.fixture(scope="module")
def host(built_firmware: Path) -> BenchHost:
    """Two seconds of the fastest belt with the wire full both ways."""
    host = BenchHost(sim=Simavr(), random=Random(5))
    host.connect()
    host.turn(1_000)
    host.sim.clear_probe()
    host.turn(10_000)
    assert host.sim.resets == 0
    assert host.acknowledged > 300
    return host


@pytest.fixture(scope="module")
def probe(host: BenchHost) -> Probe:
    return host.sim.probe()


def test_an_outlet_follows_its_encoder_edge_within_20_microseconds(host: BenchHost) -> None:
    delays_us = [(d + ENTRY_CYCLES) / CYCLES_PER_US for d in host.delays_cycles()]
    assert len(delays_us) > 1_000
    assert max(delays_us) <= 20
    assert max(delays_us) - min(delays_us) <= 10


def test_interrupts_are_never_masked_for_longer_than_a_byte_takes(probe: Probe) -> None:
    assert probe.longest_masked + ENTRY_CYCLES <= BYTE_CYCLES


def test_a_received_byte_is_fetched_before_the_receiver_is_full(probe: Probe) -> None:
    # It holds two bytes while a third comes in.
    assert probe.interrupts["USART_RX"].longest_wait + ENTRY_CYCLES <= 2 * BYTE_CYCLES


def test_interrupts_leave_half_of_every_byte_time_to_the_main_loop(probe: Probe) -> None:
    assert probe.interrupt_cycles / probe.cycles <= 0.5


def test_the_stack_fits_beside_the_static_memory(probe: Probe) -> None:
    _, data, bss = sizes()
    assert data + bss + probe.whole_stack <= MEMORY_LIMIT_BYTES


def test_servos_and_beams_delay_no_digital_outlet(built_firmware: Path) -> None:
    host = BenchHost(sim=Simavr(), random=Random(6))
    host.connect(servos=(3, 7))
    host.on_tick = lambda: host.sim.drive(
        host.random.choice((InputPin.ENTRY_BEAM, InputPin.PASSED_BEAM)), host.random.random() < 0.5
    )
    host.turn(8_000)
    servos = {OUTLET_PINS[3], OUTLET_PINS[7]}
    assert len([edge for edge in host.edges if edge.pin in servos]) > 2 * 2 * 60
    host.edges = [edge for edge in host.edges if edge.pin not in servos]
    delays_us = [(d + ENTRY_CYCLES) / CYCLES_PER_US for d in host.delays_cycles()]
    assert len(delays_us) > 100
    assert max(delays_us) <= 20
