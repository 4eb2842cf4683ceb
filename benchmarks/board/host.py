"""A host that holds the board's wire by hand and turns its encoder, to the cycle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from firmware_bridge.board import Outcome
from firmware_bridge.codes import BELT_ORDERS, OUTCOME_CODES, OUTLET_KINDS
from firmware_bridge.compiled_in import (
    CHANNELS,
    ENCODER_DEAD_MS,
    MAX_TICKS_PER_S,
    PROTOCOL_VERSION,
    SHOT_SLOTS,
    SILENCE_US,
)
from firmware_bridge.framing import Deframer, encode
from firmware_bridge.messages import (
    Ack,
    BeltCommand,
    Heartbeat,
    Hello,
    Identity,
    MachineWrite,
    Message,
    OutletWrite,
    Query,
    Report,
    ReportAck,
    ShotCommand,
    State,
)
from firmware_bridge.packing import unpack
from firmware_bridge.plant import OUTLET_PINS, InputPin, encoder_levels, show_tick
from firmware_bridge.simavr import BYTE_CYCLES, CLOCK_HZ, CycleEdge, Simavr

FASTEST_TICK_CYCLES = CLOCK_HZ // MAX_TICKS_PER_S
SESSION = 77
_HEARTBEAT_CYCLES = CLOCK_HZ // 50
_REST_TICKS = 40
"""Ticks between two windows of one channel: beyond any minimum cycle at the fastest belt."""


@dataclass(slots=True, kw_only=True)
class BenchHost:
    """The belt at 5 000 ticks a second and a host that keeps the wire full.

    `turn` runs the board tick by tick; what it saw is in the fields below.
    """

    sim: Simavr
    random: Random
    questions: bool = True
    """Every other frame asks for the state, so that the way back is full, too."""
    shots: bool = True
    heartbeats: bool = True
    shot_every_ticks: int = 0
    """Least ticks between two shots; 0 sends them as fast as the wire takes them."""
    tick_cycles: int = FASTEST_TICK_CYCLES
    on_tick: Callable[[], None] | None = None
    tick: int = 0
    edge_cycles: list[int] = field(default_factory=list)
    """Cycle of the encoder edge of every tick, from tick 1 on."""
    edges: list[CycleEdge] = field(default_factory=list)
    sent: dict[int, ShotCommand] = field(default_factory=dict)
    acked: dict[int, int] = field(default_factory=dict)
    """Status by shot."""
    reported: dict[int, Report] = field(default_factory=dict)
    acknowledged: int = 0
    """Reports of fired shots that were acknowledged."""
    states: list[State] = field(default_factory=list)
    boot_nonce: int = 0
    _deframer: Deframer = field(default_factory=Deframer)
    _seq: int = 0
    _seq_of: dict[int, int] = field(default_factory=dict)
    _free_tick: dict[int, int] = field(default_factory=dict)
    _report_acks: list[int] = field(default_factory=list)
    _heartbeat_at: int = 0
    _next_shot_tick: int = 0
    _question_next: bool = False
    _flipped: set[InputPin] = field(default_factory=set)

    def connect(self, silence_ms: int = SILENCE_US // 1_000, servos: tuple[int, ...] = ()) -> None:
        """Wait for the boot, shake hands, run the belt.

        Args:
            silence_ms: what the board is to bear.
            servos: channels to be made servos.
        """
        self.wait_us(30_000)
        self.send(Hello(protocol=PROTOCOL_VERSION, session=SESSION))
        self.wait_us(5_000)
        self.send(Heartbeat())
        if silence_ms != SILENCE_US // 1_000:
            self._set_silence(silence_ms)
        for channel in servos:
            self._make_servo(channel)
        run = BELT_ORDERS.index("run_by_operator")
        self.send(
            BeltCommand(
                boot_nonce=self.boot_nonce,
                session=SESSION,
                order_id=1,
                run=run,
                virtual_mticks_s=0,
            )
        )
        self.wait_us(5_000)

    def _set_silence(self, silence_ms: int) -> None:
        self.send(
            MachineWrite(
                silence_ms=silence_ms,
                encoder_dead_ms=ENCODER_DEAD_MS,
                jam_ticks=0,
                beams=0,
                input_function=0,
                auto_restart=0,
            )
        )
        self.wait_us(5_000)
        self.send(Heartbeat())

    def _make_servo(self, channel: int) -> None:
        self.send(
            OutletWrite(
                channel=channel,
                kind=OUTLET_KINDS.index("servo"),
                duty_percent=50,
                max_on_ms=1_500,
                min_cycle_ms=40,
                closed_us=1_000,
                open_us=2_000,
                delay_us=20_000,
            )
        )
        self.wait_us(5_000)

    def wait_us(self, duration_us: int) -> None:
        """Let the board run with the belt at rest."""
        self.run_to(self.sim.cycle + duration_us * (CLOCK_HZ // 1_000_000))

    def run_to(self, cycle: int) -> None:
        """Let the board run up to a cycle."""
        self.edges += self.sim.run_to(cycle)
        for frame in self.sim.take():
            for got in self._deframer.feed(frame.data):
                self._handle(unpack(got.kind, got.payload), got.seq)

    def turn(self, ticks: int) -> None:
        """Turn the encoder; the time of a tick varies by a sixteenth."""
        for _ in range(ticks):
            self.tick += 1
            self.edge_cycles.append(self.sim.cycle)
            show_tick(self.sim, self.tick)
            if self.on_tick is not None:
                self.on_tick()
            self._fill()
            jitter = self.random.randrange(self.tick_cycles // 16)
            self.run_to(self.sim.cycle + self.tick_cycles - self.tick_cycles // 32 + jitter)

    def flip(self, pin: InputPin) -> None:
        """Change the level of an encoder pin beside the belt's own edges; twice is a glitch."""
        a, b = encoder_levels(self.tick)
        self._flipped ^= {pin}
        level = a if pin is InputPin.ENCODER_A else b
        self.sim.drive(pin, level != (pin in self._flipped))

    def send(self, message: Message) -> int:
        """Put one message on the wire; its sequence number."""
        self._seq = (self._seq + 1) & 0xFF
        self.sim.send(encode(message, self._seq))
        return self._seq

    def shoot(self, channel: int, open_tick: int, close_tick: int) -> int:
        """Command a shot; its id."""
        item_id = len(self.sent) + 1
        shot = ShotCommand(
            boot_nonce=self.boot_nonce,
            session=SESSION,
            item_id=item_id,
            mate_1=0,
            mate_2=0,
            mate_3=0,
            channel=channel,
            open_tick=open_tick,
            close_tick=close_tick,
        )
        self.sent[item_id] = shot
        self._seq_of[self.send(shot)] = item_id
        return item_id

    def delays_cycles(self) -> list[int]:
        """From an encoder edge to the outlet edges that it caused, for all shots that fired."""
        at = {(edge.pin, edge.cycle): edge.level for edge in self.edges}
        delays = []
        for (pin, cycle), level in at.items():
            if pin not in OUTLET_PINS:
                continue
            channel = OUTLET_PINS.index(pin)
            ticks = [
                shot.open_tick if level else shot.close_tick
                for shot in self.sent.values()
                if shot.channel == channel
            ]
            causes = [self.edge_cycles[tick - 1] for tick in ticks if tick <= self.tick]
            delays.append(min(cycle - cause for cause in causes if cause <= cycle))
        return delays

    @property
    def outlets_open(self) -> int:
        """How many outlets are open."""
        levels = {edge.pin: edge.level for edge in self.edges}
        return sum(levels.get(pin, False) for pin in OUTLET_PINS)

    # --- what keeps the wire full -----------------------------------------------------------------

    def _fill(self) -> None:
        now = self.sim.cycle
        if self.heartbeats and now >= self._heartbeat_at:
            self._heartbeat_at = now + _HEARTBEAT_CYCLES
            self.send(Heartbeat())
        while self._report_acks:
            self.send(ReportAck(item_id=self._report_acks.pop()))
        while self.sim.backlog * BYTE_CYCLES < 2 * self.tick_cycles:
            if self.questions and self._question_next:
                self.send(Query())
            elif not self._shoot_somewhere() and not self.questions:
                return
            self._question_next = not self._question_next

    def _shoot_somewhere(self) -> bool:
        if not self.shots or self._on_board >= SHOT_SLOTS - 2:
            return False
        if self.tick < self._next_shot_tick:
            return False
        open_tick = self.tick + 60 + self.random.randrange(40)
        free = [c for c in range(CHANNELS) if self._free_tick.get(c, 0) <= open_tick]
        if not free:
            return False
        channel = self.random.choice(free)
        close_tick = open_tick + 1 + self.random.randrange(20)
        self._free_tick[channel] = close_tick + _REST_TICKS
        self._next_shot_tick = self.tick + self.shot_every_ticks
        self.shoot(channel, open_tick, close_tick)
        return True

    @property
    def _on_board(self) -> int:
        return len(self.sent) - len(self.reported)

    def _handle(self, message: object, seq: int) -> None:
        if isinstance(message, Identity):
            self.boot_nonce = message.boot_nonce
        elif isinstance(message, State):
            self.states.append(message)
        elif isinstance(message, Ack) and message.command == ShotCommand.TYPE:
            item_id = self._seq_of.pop(seq)
            self.acked[item_id] = message.status
            if message.status:
                self.reported.setdefault(item_id, _refused(item_id, message.status))
        elif isinstance(message, Report):
            if message.item_id not in self.reported:
                self.acknowledged += message.outcome == OUTCOME_CODES[Outcome.FIRED]
            self.reported[message.item_id] = message
            self._report_acks.append(message.item_id)


def _refused(item_id: int, reason: int) -> Report:
    return Report(
        item_id=item_id,
        items=0,
        channel=0,
        outcome=OUTCOME_CODES[Outcome.REFUSED],
        reason=reason,
        opened=0,
        open_tick=0,
        close_tick=0,
    )
