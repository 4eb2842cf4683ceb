"""The link against the virtual firmware under any sequence of orders, faults and accidents.

Every item that is handed over ends in exactly one report, no window opens twice, none opens or
closes its outlet anywhere else, and the report tells what the pins did.
"""

from itertools import count
from random import Random

from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from firmware_bridge.board import Outcome, Shot
from firmware_bridge.linked_board import LinkedBoard
from firmware_bridge.plant import OUTLET_PINS, InputPin
from firmware_bridge.settings import InputFunction, OutletKind
from firmware_bridge.virtual_firmware import VirtualFirmware
from tests.contract.acts import set_machine, set_outlet
from tests.contract.rig import Rig
from tests.hil.lossy_wire import (
    LossyWire,
    drop_bytes,
    duplicate_bytes,
    flip_bits,
    reorder_bytes,
)

TICK_US = 1_000
WEAK = 7
"""A solenoid that bears little: its minimum cycle and its share of time are soon in the way."""
GAP_TICKS = 12
"""Least distance of two windows of one outlet: its minimum cycle and a reversal fit in between."""


class WiredFirmware(VirtualFirmware):
    """Moves what is due on the cable before every bit of time."""

    wire: LossyWire

    def advance(self, until_us: int):  # type: ignore[no-untyped-def]
        edges = super().advance(until_us)
        self.wire.pump()
        return edges


class LinkMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.firmware = WiredFirmware()
        self.wire = self.firmware.wire = LossyWire(self.firmware, Random(1))  # type: ignore[arg-type]
        nonces = count(1)
        self.board = LinkedBoard(
            self.wire.connect, name="the test board", nonces=lambda: next(nonces)
        )
        self.rig = Rig(board=self.board, plant=self.firmware)
        self.ids = count(1)
        self.shots: list[Shot] = []
        self.last_close = [0] * 8
        self.booted_at_tick = 0
        self.openings: list[tuple[int, int, bool]] = []
        """Channel, tick as the host counts it, level."""
        self.seen_edges = 0
        self.rig.connect()
        tired = {"kind": OutletKind.SOLENOID, "duty_percent": 5, "max_on_ms": 100}
        set_outlet(self.rig, WEAK, min_cycle_ms=25, **tired)
        set_machine(self.rig, input_function=InputFunction.COVER, encoder_dead_ms=120)

    # --- what the host does ---------------------------------------------------------------------

    @rule(
        channel=st.integers(0, 7),
        ahead=st.integers(5, 250),
        length=st.integers(2, 30),
        items=st.integers(1, 4),
    )
    def shoot(self, channel: int, ahead: int, length: int, items: int) -> None:
        self.shoot_at(channel, self.host_tick() + ahead, length, items)

    @rule(ahead=st.integers(5, 60), lengths=st.lists(st.integers(1, 4), min_size=2, max_size=4))
    def shoot_too_close_together(self, ahead: int, lengths: list[int]) -> None:
        for length in lengths:
            self.shoot_at(WEAK, self.host_tick() + ahead, length, 1, gap=2)

    @rule(ahead=st.integers(5, 60), length=st.integers(60, 140))
    def shoot_for_too_long(self, ahead: int, length: int) -> None:
        self.shoot_at(WEAK, self.host_tick() + ahead, length, 1)
        self.turn(ahead + length)

    def shoot_at(
        self, channel: int, first: int, length: int, items: int, *, gap: int = GAP_TICKS
    ) -> None:
        first = max(first, self.last_close[channel] + gap)
        item_id, *mates = (next(self.ids) for _ in range(items))
        shot = Shot(
            item_id=item_id,
            channel=channel,
            open_tick=first,
            close_tick=first + length,
            mates=tuple(mates),
        )
        self.last_close[channel] = first + length
        self.shots.append(shot)
        self.board.shoot(shot, self.rig.now_s)

    @rule(seed=st.integers(0, 2**16))
    def cancel(self, seed: int) -> None:
        items = [item for shot in self.shots for item in shot.items]
        if items:
            self.board.cancel(Random(seed).choice(items), self.rig.now_s)

    @rule()
    def flush(self) -> None:
        self.board.flush(self.rig.now_s)

    @rule(ms=st.sampled_from((30, 200, 600)))
    def freeze(self, ms: int) -> None:
        self.rig.run_unopened(ms * 1_000)
        self.note_edges()

    # --- what the machine does ------------------------------------------------------------------

    @rule(ticks=st.integers(5, 150))
    def turn(self, ticks: int) -> None:
        for _ in range(ticks):
            self.rig.turn(1, tick_us=TICK_US)
            self.note_edges()

    @rule(ticks=st.integers(1, 8))
    def turn_back_and_forth(self, ticks: int) -> None:
        for step in (-1, 1):
            for _ in range(ticks):
                self.rig.turn(step, tick_us=TICK_US)
                self.note_edges()

    @rule()
    def press_and_clear_the_emergency_stop(self) -> None:
        for pin, level in (
            (InputPin.ESTOP, True),
            (InputPin.ESTOP, False),
            (InputPin.BUTTON, False),
            (InputPin.BUTTON, True),
        ):
            self.firmware.drive(pin, level)
            self.pass_ms(10)

    @rule()
    def open_and_close_the_cover(self) -> None:
        for level in (True, False):
            self.firmware.drive(InputPin.AUX, level)
            self.pass_ms(25)

    @rule(ms=st.sampled_from((60, 200)))
    def run_a_belt_that_sticks(self, ms: int) -> None:
        self.board.set_belt(True, self.rig.now_s, by_operator=True)
        self.turn(30)
        self.pass_ms(ms)
        for running in (True, False):
            self.board.set_belt(running, self.rig.now_s, by_operator=True)
            self.pass_ms(10)

    # --- accidents ------------------------------------------------------------------------------

    @rule(
        tampers=st.lists(
            st.sampled_from((flip_bits, drop_bytes, duplicate_bytes, reorder_bytes)), max_size=6
        ),
        to_board=st.booleans(),
        seed=st.integers(0, 2**16),
    )
    def spoil(self, tampers: list, to_board: bool, seed: int) -> None:  # type: ignore[type-arg]
        direction = self.wire.out if to_board else self.wire.back
        direction.random = Random(seed)
        direction.tampers += tampers

    @rule(most_ms=st.integers(0, 16), to_board=st.booleans())
    def delay(self, most_ms: int, to_board: bool) -> None:
        direction = self.wire.out if to_board else self.wire.back
        direction.latency_us = (most_ms * 300, most_ms * 1_000)

    @rule()
    def reset_the_board(self) -> None:
        self.firmware.reset("brown_out")
        self.wire.board_was_reset()
        self.rig.run_unopened(0)
        self.note_edges()
        self.booted_at_tick = self.rig.tick

    @rule(ms=st.sampled_from((1, 50, 700)))
    def unplug(self, ms: int) -> None:
        self.wire.unplug()
        self.pass_ms(ms)
        self.wire.plugged = True

    # --- what must hold -------------------------------------------------------------------------

    def pass_ms(self, ms: int) -> None:
        for _ in range(ms):
            self.rig.run(1_000)
            self.note_edges()

    def host_tick(self) -> int:
        return self.board.link.position.base + self.rig.tick - self.booted_at_tick

    def note_edges(self) -> None:
        for edge in self.rig.edges[self.seen_edges :]:
            if edge.pin in OUTLET_PINS:
                channel = OUTLET_PINS.index(edge.pin)
                self.openings.append((channel, self.host_tick(), edge.level))
        self.seen_edges = len(self.rig.edges)

    def teardown(self) -> None:
        self.wire.plugged = True
        for direction in (self.wire.out, self.wire.back):
            direction.tampers.clear()
            direction.latency_us = (0, 0)
        self.pass_ms(3_500)
        self.turn(max(0, max(self.last_close) - self.host_tick() + 10))
        self.pass_ms(100)
        reports = self.rig.reports
        assert set(reports) == {item for shot in self.shots for item in shot.items}
        opened = [(channel, tick) for channel, tick, level in self.openings if level]
        assert len(opened) == len(set(opened)), "an outlet opened twice at one tick"
        for channel, tick in opened:
            windows = [s for s in self.shots if (s.channel, s.open_tick) == (channel, tick)]
            assert windows, f"channel {channel} opened at {tick}, where no window begins"
        for report in reports.values():
            event(f"{report.outcome.value} {report.reason.value}")
        for shot in self.shots:
            self.check(shot, fired=(shot.channel, shot.open_tick) in opened)
        self.board.close()

    def check(self, shot: Shot, *, fired: bool) -> None:
        closed = [
            tick
            for channel, tick, level in self.openings
            if channel == shot.channel and not level and tick >= shot.open_tick
        ]
        assert not fired or closed[0] <= shot.close_tick
        reports = [self.rig.reports[item] for item in shot.items]
        for_another = any(r.open_tick is not None or r.outcome is Outcome.UNKNOWN for r in reports)
        for report in reports:
            if report.outcome is Outcome.FIRED:
                assert fired, f"{report} and nothing moved"
                assert report.open_tick == shot.open_tick
            elif report.outcome is Outcome.REFUSED:
                assert not fired, f"{report} and the outlet opened"
            elif report.outcome is Outcome.CANCELLED and report.open_tick is None:
                assert not fired or for_another, f"{report} and the outlet opened"


LinkMachine.TestCase.settings = settings(
    max_examples=20, stateful_step_count=25, deadline=None, print_blob=True
)
TestLinkMachine = LinkMachine.TestCase
