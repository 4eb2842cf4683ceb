"""How soon the board is safe: after an emergency stop, the host's silence, a hang."""

from __future__ import annotations

from random import Random

from benchmarks.board.host import BenchHost
from benchmarks.report import Report
from firmware_bridge.compiled_in import CHANNELS, SILENCE_US
from firmware_bridge.framing import encode
from firmware_bridge.messages import Heartbeat
from firmware_bridge.plant import OUTLET_PINS, InputPin, OutputPin
from firmware_bridge.simavr import BYTE_CYCLES, CYCLES_PER_US, Simavr
from firmware_bridge.simavr_probe import ENTRY_CYCLES
from tests.hil.symbols import CRASHED_AT, address_of

TRIALS = 60
SILENCE_TRIALS = 12
LOWERED_SILENCE_MS = 200
TIMER_AT_REST = "safety timer, encoder at rest"
"""While the encoder turns it is the quicker one: a millisecond's ration of edges that no timer
renews counts as a storm, which closes the outlets. At rest only the watchdog is left."""
HANGS = ("main loop", "main loop, interrupts off", "safety timer", TIMER_AT_REST)
_SREG, _TIMSK2 = 0x5F, 0x70
_NEVER_CYCLES = 400_000 * CYCLES_PER_US


def measure(report: Report) -> None:
    """Print how long each stop takes at its worst, all eight outlets open, the wire full."""
    stops = [_estop_cycles(seed) + ENTRY_CYCLES for seed in range(TRIALS)]
    report.at_most("emergency stop to outlets off", _us(max(stops)), "µs", 50)
    silences = [_silence_cycles(seed) for seed in range(SILENCE_TRIALS)]
    beyond_ms = (max(silences) / CYCLES_PER_US - SILENCE_US) / 1_000
    report.at_most("silence beyond its limit", round(beyond_ms, 3), "ms", 2)
    lowered = [_silence_cycles(seed, LOWERED_SILENCE_MS) for seed in range(SILENCE_TRIALS)]
    beyond_ms = max(lowered) / CYCLES_PER_US / 1_000 - LOWERED_SILENCE_MS
    report.at_most(f"silence set to {LOWERED_SILENCE_MS} ms, beyond", round(beyond_ms, 3), "ms", 2)
    for number, hang in enumerate(HANGS):
        hangs = [_hang_cycles(hang, seed) for seed in range(100 * number, 100 * number + 10)]
        report.at_most(f"hang of {hang}", round(_us(max(hangs)) / 1_000, 2), "ms", 135)


def _us(cycles: int) -> float:
    return cycles / CYCLES_PER_US


def _all_open(seed: int, silence_ms: int = SILENCE_US // 1_000) -> BenchHost:
    """A board with every outlet open for long, in the middle of a tick, under a full wire."""
    host = BenchHost(sim=Simavr(), random=Random(seed), shots=False)
    host.connect(silence_ms)
    for channel in range(CHANNELS):
        host.shoot(channel, host.tick + 150 + channel, host.tick + 20_000)
        host.turn(10)
    host.turn(150 + host.random.randrange(100))
    host.run_to(host.sim.cycle + host.random.randrange(host.tick_cycles))
    assert host.outlets_open == CHANNELS
    return host


def _off_cycle(host: BenchHost, since: int, *, belt: bool = False) -> int:
    """When the last outlet (and the belt) went off, after `since`."""
    pins = {*OUTLET_PINS, OutputPin.BELT} if belt else {*OUTLET_PINS}
    off = {edge.pin: edge.cycle for edge in host.edges if not edge.level and edge.cycle >= since}
    missing = pins - off.keys()
    return since + _NEVER_CYCLES if missing else max(off[pin] for pin in pins)


def _estop_cycles(seed: int) -> int:
    host = _all_open(seed)
    pressed = host.sim.cycle
    host.sim.drive(InputPin.ESTOP, True)
    host.turn(20)
    return _off_cycle(host, pressed) - pressed


def _silence_cycles(seed: int, silence_ms: int = SILENCE_US // 1_000) -> int:
    """From the last heartbeat's end on the wire."""
    host = _all_open(seed, silence_ms)
    host.heartbeats = False
    while host.sim.backlog:
        host.run_to(host.sim.cycle + BYTE_CYCLES)
    host.run_to(host.sim.cycle + host.random.randrange(host.tick_cycles))
    heard = host.sim.cycle + BYTE_CYCLES * len(encode(Heartbeat(), 0))
    host.send(Heartbeat())
    host.turn(silence_ms * 5 + 300)
    return _off_cycle(host, heard, belt=True) - heard


def _hang_cycles(hang: str, seed: int) -> int:
    host = _all_open(seed)
    hung = host.sim.cycle
    if hang.startswith("safety timer"):
        host.sim.poke(_TIMSK2, b"\0")
    else:
        host.sim.jump(address_of(CRASHED_AT))
        if hang.endswith("off"):
            host.sim.mask_interrupts()
    if hang == TIMER_AT_REST:
        host.wait_us(200_000)
    else:
        host.turn(1_000)
    return _off_cycle(host, hung, belt=True) - hung
