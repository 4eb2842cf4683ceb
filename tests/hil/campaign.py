"""Faults by the dozen on one machine, and what became of its shots."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from firmware_bridge.board import Outcome
from tests.hil.faults import FAULTS, WIRE_FAULTS, WRAPS
from tests.hil.machine import OVERFLOW_US, Machine

RECOVER_WITHIN_US = 6_000_000
"""A machine that has fired no new shot by then hangs."""
_WRAP_AFTER_TICKS = 500
_WRAP_AFTER_OVERFLOWS = 14


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a campaign has counted; tallies add up."""

    hits: Counter[str] = field(default_factory=Counter)
    """Faults that hit a frame in flight or an armed shot."""
    commanded: int = 0
    fired: int = 0
    """On the pins."""
    ended: Counter[str] = field(default_factory=Counter)
    """Reports by outcome and reason."""
    twice: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    held_us: list[int] = field(default_factory=list)
    """Outlets that a hang of the firmware held open beyond their window, until the watchdog."""
    unreported: list[str] = field(default_factory=list)
    misreported: list[str] = field(default_factory=list)
    """The report says what the pins do not."""
    miscounted: list[str] = field(default_factory=list)
    """The board lost or gained a tick."""
    hangs: list[str] = field(default_factory=list)
    clock_errors: int = 0
    """The clock's error bound did not contain the truth."""

    worst_stack: int = 0
    """Bytes."""

    def add(self, other: "Tally") -> None:
        self.worst_stack = max(self.worst_stack, other.worst_stack)
        self.hits += other.hits
        self.commanded += other.commanded
        self.fired += other.fired
        self.ended += other.ended
        self.twice += other.twice
        self.outside += other.outside
        self.held_us += other.held_us
        self.unreported += other.unreported
        self.misreported += other.misreported
        self.miscounted += other.miscounted
        self.hangs += other.hangs
        self.clock_errors += other.clock_errors


def run_campaign(seed: int, rounds: int = 1) -> Tally:
    """Every fault `rounds` times in random order, on one machine that starts before its wraps."""
    machine = Machine(
        seed,
        tick_us=600 + seed * 37 % 400,
        start_tick=-_WRAP_AFTER_TICKS,
        start_overflows=2**17 - _WRAP_AFTER_OVERFLOWS,
    )
    tally = Tally()
    machine.start()
    _pass_the_wraps(machine, tally)
    order = [name for name in FAULTS for _ in range(rounds)]
    machine.random.shuffle(order)
    for name in order:
        _strike(machine, name, tally)
    _recover(machine, "the end", tally)
    machine.shot_every_us = 0
    machine.run_until(lambda: all(c.report for c in machine.commanded.values()), RECOVER_WITHIN_US)
    _count(machine, seed, tally)
    return tally


def _pass_the_wraps(machine: Machine, tally: Tally) -> None:
    wrap_us = _WRAP_AFTER_OVERFLOWS * OVERFLOW_US
    passed: dict[str, Callable[[], bool]] = {
        "tick wrap": lambda: machine.board_tick < 2**31,
        "microsecond wrap": lambda: machine.now_us > wrap_us,
    }
    while passed:
        assert machine.run_until(lambda: any(done() for done in passed.values()))
        for name in [name for name, done in passed.items() if done()]:
            tally.hits[name] += bool(machine.armed)
            del passed[name]
    assert set(WRAPS) >= set(tally.hits)


def _strike(machine: Machine, name: str, tally: Tally) -> None:
    machine.run_until(lambda: bool(machine.armed), RECOVER_WITHIN_US)
    armed = bool(machine.armed)
    hits = machine.wire.out.hits + machine.wire.back.hits
    FAULTS[name](machine)
    if name in WIRE_FAULTS:
        tally.hits[name] += machine.wire.out.hits + machine.wire.back.hits - hits
    else:
        tally.hits[name] += armed
        _recover(machine, name, tally)


def _recover(machine: Machine, name: str, tally: Tally) -> None:
    """Until a shot that was commanded after the fault has fired."""
    known = len(machine.commanded)

    def fires_again() -> bool:
        newer = [machine.commanded[k] for k in range(known + 1, len(machine.commanded) + 1)]
        return any(c.report and c.report.outcome is Outcome.FIRED for c in newer)

    if not machine.run_until(fires_again, RECOVER_WITHIN_US):
        tally.hangs.append(f"{name}: {sorted(machine.faults)} at {machine.now_us} µs")
    gained = machine.miscounted()
    if gained:
        tally.miscounted.append(f"{gained:+} by {name} at {machine.now_us} µs")


def _count(machine: Machine, seed: int, tally: Tally) -> None:
    shots = machine.commanded.values()
    tally.commanded = len(shots)
    tally.fired = sum(bool(c.rises) for c in shots)
    tally.twice = [f"seed {seed}: {c}" for c in shots if len(c.rises) > 1]
    tally.outside = [f"seed {seed}: {text}" for text in machine.outside]
    tally.held_us = machine.held_us
    tally.unreported = [f"seed {seed}: {c}" for c in shots if c.report is None]
    tally.misreported = [f"seed {seed}: {text}" for text in machine.wrong_reports()]
    tally.miscounted = [f"seed {seed}: {text}" for text in tally.miscounted]
    tally.hangs = [f"seed {seed}: {text}" for text in tally.hangs]
    tally.clock_errors = machine.clock_errors
    tally.worst_stack = machine.sim.probe().whole_stack
    for commanded in shots:
        if commanded.report is not None:
            report = commanded.report
            tally.ended[f"{report.outcome.value} {report.reason.value}"] += 1
