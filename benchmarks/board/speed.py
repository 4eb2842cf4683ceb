"""From an encoder edge to the outlet pin, shots a second over the wire, and the board's load."""

from __future__ import annotations

from random import Random

from benchmarks.board.host import BenchHost
from benchmarks.report import Report
from firmware_bridge.compiled_in import MAX_TICKS_PER_S
from firmware_bridge.framing import encode
from firmware_bridge.messages import ReportAck, ShotCommand
from firmware_bridge.simavr import BYTE_CYCLES, CLOCK_HZ, CYCLES_PER_US, Simavr
from firmware_bridge.simavr_probe import ENTRY_CYCLES

RUN_TICKS = 50_000
"""Ten seconds of the fastest belt."""
WARM_UP_TICKS = 1_000
REAL_BYTE_CYCLES = 10 * 64
"""Ten bits a byte on a real wire. The receiver holds two bytes while a third comes in, so one that
waits for two byte times is not lost; simavr has no overrun that would show it."""
SHOTS_PER_S = 8 * 5


def measure(report: Report) -> None:
    """Print latency, interrupts, throughput and load."""
    _latency(report)
    _throughput(report)
    _load(report)


def _start(seed: int, *, questions: bool = True, shot_every_ticks: int = 0) -> BenchHost:
    host = BenchHost(
        sim=Simavr(),
        random=Random(seed),
        questions=questions,
        shot_every_ticks=shot_every_ticks,
    )
    host.connect()
    host.turn(WARM_UP_TICKS)
    host.sim.clear_probe()
    return host


def _latency(report: Report) -> None:
    host = _start(1)
    host.turn(RUN_TICKS)
    probe = host.sim.probe()
    delays_us = [(d + ENTRY_CYCLES) / CYCLES_PER_US for d in host.delays_cycles()]
    report.at_least("outlet edges measured", len(delays_us), "edges", 5_000)
    report.at_most("encoder edge to outlet pin", max(delays_us), "µs", 20)
    report.at_most(
        "that for 99 edges of 100", sorted(delays_us)[len(delays_us) * 99 // 100], "µs", 20
    )
    report.at_most("spread over all edges", max(delays_us) - min(delays_us), "µs", 10)
    masked = ENTRY_CYCLES + probe.longest_masked
    report.at_most("longest interrupt-masked stretch", masked, "cycles", REAL_BYTE_CYCLES)
    waited = ENTRY_CYCLES + probe.interrupts["USART_RX"].longest_wait
    report.at_most("longest wait of a received byte", waited, "cycles", 2 * REAL_BYTE_CYCLES)
    per_byte = probe.interrupt_cycles / probe.cycles * REAL_BYTE_CYCLES
    report.at_most("interrupts in a byte time", round(per_byte), "cycles", REAL_BYTE_CYCLES / 2)


def shots_the_wire_carries_per_s() -> float:
    """Shots and acknowledgements of their reports, one way: the way back carries less."""
    command = ShotCommand(
        boot_nonce=1,
        session=77,
        item_id=100_000,
        mate_1=0,
        mate_2=0,
        mate_3=0,
        channel=1,
        open_tick=100_000,
        close_tick=100_010,
    )
    size = len(encode(command, 1)) + len(encode(ReportAck(item_id=100_000), 1))
    return CLOCK_HZ / BYTE_CYCLES / size


def _throughput(report: Report) -> None:
    host = _start(2, questions=False)
    before, since = host.acknowledged, host.sim.cycle
    host.turn(RUN_TICKS)
    per_s = (host.acknowledged - before) / (host.sim.cycle - since) * CLOCK_HZ
    carries = shots_the_wire_carries_per_s()
    report.at_least("acknowledged shots", round(per_s, 1), "per s", round(0.85 * carries, 1))


def _load(report: Report) -> None:
    host = _start(3, questions=False, shot_every_ticks=MAX_TICKS_PER_S // SHOTS_PER_S)
    before, since = host.acknowledged, host.sim.cycle
    host.turn(RUN_TICKS)
    per_s = (host.acknowledged - before) / (host.sim.cycle - since) * CLOCK_HZ
    report.at_least("shots a second under that load", round(per_s, 1), "per s", 0.95 * SHOTS_PER_S)
    load = 100 * host.sim.probe().busy_share
    report.at_most("processor, 8 outlets x 5 shots/s", round(load, 1), "%", 40)
