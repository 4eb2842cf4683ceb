"""A sorting machine in lockstep: the shipped firmware, the real link, a cable and a belt."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from firmware_bridge.board import (
    BoardConnected,
    BoardEvent,
    BoardFault,
    BoardLost,
    Outcome,
    Shot,
    ShotReport,
)
from firmware_bridge.linked_board import LinkedBoard
from firmware_bridge.plant import OUTLET_PINS, InputPin, OutputPin, encoder_levels, show_tick
from firmware_bridge.simavr import CYCLES_PER_US, CycleEdge, Simavr
from tests.hil.lossy_wire import LossyWire
from tests.hil.symbols import CRASHED_AT, address_of, tick_address, u32

STEP_US = 1_000
"""The host looks at its board this often."""
COAST_TICKS = 8
"""The belt runs on by so much when its motor is switched off."""
SETTLED_US = 100
"""After an encoder edge the board has counted it by then."""
REST_TICKS = 60
"""Between two windows of one channel."""
WATCHDOG_US = 135_000
"""Within this time of a hang every pin is safe."""
OVERFLOW_US = 32_768
"""Period of the board's timer, the upper half of its microseconds."""
_TIMER_CONTROL = 0x81
_TIMER_2_MASK = 0x70


@dataclass(slots=True, kw_only=True)
class Commanded:
    """A shot that was handed over, and what became of it on the pins."""

    shot: Shot
    open_at: int
    """By the belt's own count."""
    close_at: int
    boot: int
    rises: list[int] = field(default_factory=list)
    falls: list[int] = field(default_factory=list)
    report: ShotReport | None = None


class Machine:
    """Runs in steps of a millisecond; the belt moves while the board's belt pin says so.

    Args:
        seed: of everything that varies.
        tick_us: time of a tick of the running belt.
        start_tick: what the board's tick count is preset to.
        start_overflows: what the upper half of the board's microseconds is preset to.
    """

    def __init__(
        self,
        seed: int,
        *,
        tick_us: int = 800,
        start_tick: int = 0,
        start_overflows: int = 0,
    ) -> None:
        self.random = Random(seed)
        self.sim = Simavr()
        self.wire = LossyWire(self.sim, self.random)
        self.board = LinkedBoard(
            self.wire.connect, name="the board", nonces=itertools.count(1).__next__
        )
        self.tick_us = tick_us
        self.tick = 0
        self.alive = True
        """The pipeline makes progress."""
        self.frozen = False
        """The host does nothing at all."""
        self.stalled = False
        """The belt does not move, whatever its motor does."""
        self.direction = 1
        self.operator = True
        """Somebody has the belt run again whenever it stands."""
        self.shot_every_us = 15_000
        self.events: list[BoardEvent] = []
        self.commanded: dict[int, Commanded] = {}
        self.edges: list[tuple[CycleEdge, int]] = []
        """Output edges with the belt's count at each."""
        self.outside: list[str] = []
        """Pulses that no shot explains."""
        self.hung_us = -WATCHDOG_US
        """When the firmware was last made to hang."""
        self.held_us: list[int] = []
        """How long after that outlets went off that were open beyond their windows."""
        self.faults: set[str] = set()
        self.belt_on = False
        self.connections = 0
        self._connected = 0
        self.clock_errors = 0
        self._clock_offset_us: float | None = None
        self._coast = 0
        self.next_tick_us = 0
        """When the belt moves on, if it moves."""
        self._last_edge_us = 0
        self._next_shot_us = 0
        self._operator_at_us = 0
        self._resets = 0
        self._count_offset: int | None = None
        self._flipped: set[InputPin] = set()
        self._free_at: dict[int, int] = {}
        self._open: dict[int, Commanded] = {}
        self._boot_clock(start_tick, start_overflows)

    # --- time -------------------------------------------------------------------------------------

    @property
    def now_us(self) -> int:
        return self.sim.now_us

    @property
    def now_s(self) -> float:
        return self.sim.now_us / 1e6

    def run(self, duration_us: int) -> None:
        """Let time pass."""
        until_us = self.now_us + duration_us
        while self.now_us < until_us:
            self._step(min(until_us, self.now_us + STEP_US))

    def run_until(self, condition: Callable[[], bool], limit_us: int = 3_000_000) -> bool:
        """Let time pass until something is so; False if that does not come in time."""
        until_us = self.now_us + limit_us
        while not condition():
            if self.now_us >= until_us:
                return False
            self._step(self.now_us + STEP_US)
        return True

    def start(self) -> None:
        """Open the board and wait until the belt runs and its count is known."""
        self.board.open(self.now_s)
        assert self.run_until(lambda: self.ready), "the machine does not start"

    @property
    def ready(self) -> bool:
        """Shots can be commanded."""
        return self.belt_on and self._count_offset is not None and self.board.identity is not None

    @property
    def armed(self) -> list[Commanded]:
        """Shots on the board that have not ended."""
        return [self.commanded[item_id] for item_id in self.wire.armed]

    @property
    def any_open(self) -> bool:
        return bool(self._open)

    def _step(self, until_us: int) -> None:
        self.move(until_us)
        self._notice_reset()
        self.wire.pump()
        if not self.frozen:
            self._host()
            self.wire.pump()

    def move(self, until_us: int) -> None:
        """Let the board and its belt run, and no host."""
        while self.next_tick_us <= until_us:
            self.advance(self.next_tick_us)
            self.next_tick_us += self.tick_us
            if self.belt_on:
                self._coast = COAST_TICKS
            if self._coast and not self.stalled:
                self._coast -= 1
                self.turn(self.direction)
        self.advance(until_us)

    def advance(self, until_us: int) -> None:
        """Let the board alone run."""
        for edge in self.sim.run_to(until_us * CYCLES_PER_US):
            self.edges.append((edge, self.tick))
            if edge.pin is OutputPin.BELT:
                self.belt_on = edge.level
            elif edge.pin in OUTLET_PINS:
                self._judge(OUTLET_PINS.index(edge.pin), edge.level)

    def turn(self, step: int) -> None:
        """Move the encoder by one edge, now."""
        self.tick += step
        self._last_edge_us = self.now_us
        show_tick(self.sim, self.tick)

    def flip(self, pin: InputPin) -> None:
        """Change the level of an encoder pin, though the belt has not moved."""
        a, b = encoder_levels(self.tick)
        level = a if pin is InputPin.ENCODER_A else b
        self._flipped ^= {pin}
        self._last_edge_us = self.now_us
        self.sim.drive(pin, level != (pin in self._flipped))

    def hang(self, *, interrupts: bool) -> None:
        """The program runs in a circle from now on."""
        self.hung_us = self.now_us
        self.sim.jump(address_of(CRASHED_AT))
        if not interrupts:
            self.sim.mask_interrupts()

    def hang_timer(self) -> None:
        """The safety timer's interrupt no longer comes."""
        self.hung_us = self.now_us
        self.sim.poke(_TIMER_2_MASK, b"\0")

    def clear_estop(self) -> None:
        """The two steps after the chain was closed: a press of the button."""
        self.sim.drive(InputPin.BUTTON, False)
        self.run(30_000)
        self.sim.drive(InputPin.BUTTON, True)

    # --- the host ---------------------------------------------------------------------------------

    def _host(self) -> None:
        if self.alive:
            self.board.heartbeat(self.now_s)
        for event in self.board.service(self.now_s):
            self.events.append(event)
            if isinstance(event, ShotReport):
                commanded = self.commanded[event.item_id]
                assert commanded.report is None, f"{event} is a second report"
                commanded.report = event
            elif isinstance(event, BoardConnected):
                self.connections += 1
            elif isinstance(event, BoardLost):
                self.faults.clear()
            elif isinstance(event, BoardFault):
                (self.faults.add if event.active else self.faults.discard)(event.name)
        self._tend()
        if self.ready:
            self._plan()
            self._check_clock()

    def _tend(self) -> None:
        connected = self.board.identity is not None
        if self._count_offset is None and self.connections > self._connected and self._settled:
            self._count_offset = self.board_tick - self.tick
        wanted = self.operator and connected and not self.belt_on and not self.stalled
        if wanted and self.now_us >= self._operator_at_us:
            self.board.set_belt(True, self.now_s, by_operator=True)
            self._operator_at_us = self.now_us + 60_000

    def _plan(self) -> None:
        if self.shot_every_us and self.now_us >= self._next_shot_us:
            self._next_shot_us = self.now_us + self.shot_every_us
            self.shoot(self.random.randint(150, 300), self.random.randint(5, 40))

    def shoot(self, lead_ticks: int, window_ticks: int, channel: int | None = None) -> bool:
        """Command a shot from a free outlet; False if none is free there."""
        host_tick = self.board.tick_at(self.now_s)
        if host_tick is None or self._count_offset is None:
            return False
        first = round(host_tick) + lead_ticks
        count = self.board.link.position.fold(first)
        open_at = self.tick + _signed(count - self._count_offset - self.tick)
        free = [c for c in range(8) if self._free_at.get(c, open_at) <= open_at]
        if channel is not None:
            free = [channel]
        if not free:
            return False
        shot = Shot(
            item_id=len(self.commanded) + 1,
            channel=self.random.choice(free),
            open_tick=first,
            close_tick=first + window_ticks,
        )
        self._free_at[shot.channel] = open_at + window_ticks + REST_TICKS
        self.commanded[shot.item_id] = Commanded(
            shot=shot, open_at=open_at, close_at=open_at + window_ticks, boot=self._resets
        )
        self.board.shoot(shot, self.now_s)
        return True

    # --- the truth --------------------------------------------------------------------------------

    @property
    def board_tick(self) -> int:
        """The board's own count, from its memory."""
        return int.from_bytes(self.sim.peek(tick_address(), 4), "little")

    def miscounted(self) -> int:
        """Ticks that the board has counted too many since the last look."""
        if self._count_offset is None or not self._settled:
            return 0
        gained = _signed(self.board_tick - self._count_offset - self.tick)
        self._count_offset += gained
        return gained

    @property
    def _settled(self) -> bool:
        return self.now_us - self._last_edge_us >= SETTLED_US

    def _judge(self, channel: int, level: bool) -> None:
        if not level:
            commanded = self._open.pop(channel, None)
            if commanded is not None:
                commanded.falls.append(self.tick)
                if self.tick > commanded.close_at + 1:
                    self._judge_overstay(commanded)
            return
        for commanded in reversed(self.commanded.values()):
            if (
                commanded.shot.channel == channel
                and commanded.boot == self._resets
                and commanded.open_at - 1 <= self.tick <= commanded.close_at
            ):
                commanded.rises.append(self.tick)
                self._open[channel] = commanded
                return
        self.outside.append(f"channel {channel} opened at {self.tick}")

    def _judge_overstay(self, commanded: Commanded) -> None:
        """Nobody closes an outlet while the firmware hangs, until the watchdog resets it."""
        held_us = self.now_us - self.hung_us
        if held_us <= WATCHDOG_US:
            self.held_us.append(held_us)
        else:
            self.outside.append(f"{commanded} closed at {self.tick}")

    def _boot_clock(self, start_tick: int, start_overflows: int) -> None:
        until_us = 0
        while not self.sim.peek(_TIMER_CONTROL, 1)[0]:
            until_us += 5
            self.advance(until_us)
        self._clock_start_cycles = self.sim.cycle
        self.run_bare(30_000)
        self.sim.poke(tick_address(), u32(start_tick % 2**32))
        self.sim.poke(address_of("overflows"), u32(start_overflows))
        self._clock_offset_us = start_overflows * OVERFLOW_US - until_us

    def run_bare(self, duration_us: int) -> None:
        """Let the board boot, nobody attending."""
        self.move(self.now_us + duration_us)
        self.wire.pump()

    def _notice_reset(self) -> None:
        if self.sim.resets == self._resets:
            return
        self._resets = self.sim.resets
        self._count_offset = None
        self._connected = self.connections
        self.wire.board_was_reset()
        self._open.clear()
        self._clock_offset_us = -(self.sim.reset_at + self._clock_start_cycles) / CYCLES_PER_US

    def _check_clock(self) -> None:
        clock = self.board.link.position.clock
        told_us = clock.board_us(self.now_s)
        if told_us is None or self._clock_offset_us is None:
            return
        error_us = (told_us - self.now_us - self._clock_offset_us + 2**31) % 2**32 - 2**31
        self.clock_errors += abs(error_us) > clock.error_s(self.now_s) * 1e6 + 10

    def wrong_reports(self) -> list[str]:
        """Shots whose report says what the pins do not."""
        wrong = []
        for commanded in self.commanded.values():
            report = commanded.report
            if report is None or report.outcome is Outcome.UNKNOWN:
                continue
            told = report.open_tick is not None
            if told != bool(commanded.rises) or (report.outcome is Outcome.FIRED and not told):
                wrong.append(str(commanded))
        return wrong


def _signed(count: int) -> int:
    return (count + 2**31) % 2**32 - 2**31
