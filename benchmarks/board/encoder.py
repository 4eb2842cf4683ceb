"""What the board takes for a tick: glitches on the encoder, and ticks that it makes itself."""

from __future__ import annotations

from random import Random

from benchmarks.board.host import SESSION, BenchHost
from benchmarks.report import Report
from firmware_bridge.codes import BELT_ORDERS
from firmware_bridge.compiled_in import CHANNELS, MAX_TICKS_PER_S
from firmware_bridge.messages import BeltCommand, Heartbeat
from firmware_bridge.plant import OUTLET_PINS, InputPin
from firmware_bridge.simavr import CLOCK_HZ, CYCLES_PER_US, Simavr

GLITCH_TRIALS = 20
GLITCH_STEP_CYCLES = 4
SPEEDS_MTICKS_S = (MAX_TICKS_PER_S * 1_000, 1_234_567, 300_001)
_VIRTUAL_TICKS = 2_000


def measure(report: Report) -> None:
    """Print the widest glitch that never counts, and how far virtual ticks are off."""
    report.at_least("glitch that is always ignored", widest_ignored_us(), "µs", 3)
    off_ppm = max(virtual_ticks_off_ppm(speed) for speed in SPEEDS_MTICKS_S)
    report.at_most("virtual ticks off their speed", round(off_ppm, 1), "ppm", 50)


def widest_ignored_us() -> float:
    """Pulses of this width on either channel closed no outlet, wherever they fell, wire full."""
    width = GLITCH_STEP_CYCLES
    while not any(glitch_counts(width, seed) for seed in range(GLITCH_TRIALS)):
        width += GLITCH_STEP_CYCLES
    return (width - GLITCH_STEP_CYCLES) / CYCLES_PER_US


def glitch_counts(width_cycles: int, seed: int) -> bool:
    """Whether a pulse between two edges moves the count: one of its two edges is a step back."""
    host = BenchHost(sim=Simavr(), random=Random(seed), shots=False)
    host.connect()
    host.shoot(0, host.tick + 40, host.tick + 4_000)
    host.turn(60)
    assert host.outlets_open == 1
    host.run_to(host.sim.cycle + host.random.randrange(500, 2_000))
    pin = host.random.choice((InputPin.ENCODER_A, InputPin.ENCODER_B))
    host.flip(pin)
    host.run_to(host.sim.cycle + width_cycles)
    host.flip(pin)
    host.run_to(host.sim.cycle + 3_000)
    return host.outlets_open == 0


def virtual_ticks_off_ppm(mticks_s: int) -> float:
    """The mean period of virtual ticks against the one set, by outlets that open at known ticks."""
    host = BenchHost(sim=Simavr(), random=Random(1), shots=False, questions=False)
    host.connect()
    order = BeltCommand(
        boot_nonce=host.boot_nonce,
        session=SESSION,
        order_id=2,
        run=BELT_ORDERS.index("run"),
        virtual_mticks_s=mticks_s,
    )
    host.send(order)
    first = 1 + 200 * mticks_s // 1_000_000
    for channel in range(CHANNELS):
        tick = first + channel * _VIRTUAL_TICKS // (CHANNELS - 1)
        host.shoot(channel, tick, tick + 5)
        host.wait_us(1_500)
    period = CLOCK_HZ * 1_000 / mticks_s
    done = host.sim.cycle + (first + _VIRTUAL_TICKS) * period
    while host.sim.cycle < done:
        host.send(Heartbeat())
        host.wait_us(200_000)
    opened = {edge.pin: edge.cycle for edge in reversed(host.edges) if edge.level}
    took = opened[OUTLET_PINS[CHANNELS - 1]] - opened[OUTLET_PINS[0]]
    return abs(took / (_VIRTUAL_TICKS * period) - 1) * 1e6
