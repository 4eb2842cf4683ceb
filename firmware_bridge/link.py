"""The host's side of the link, without input or output: bytes and the time in, bytes out.

One `Link` talks to one board for as long as the daemon runs: through resets and lost connections.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from firmware_bridge.beam_log import BeamLog
from firmware_bridge.board import (
    BoardConnected,
    BoardEvent,
    BoardIdentity,
    BoardLost,
    BoardProtocolError,
    BoardStatus,
    Reason,
    Shot,
)
from firmware_bridge.codes import BEAMS, OUTCOMES, REASONS
from firmware_bridge.commands import CommandWindow, SessionKey
from firmware_bridge.compiled_in import MAX_TICKS_PER_S, PROTOCOL_VERSION, SILENCE_US
from firmware_bridge.fault_watch import START_NEEDED, FaultWatch
from firmware_bridge.framing import Deframer, Frame, encode
from firmware_bridge.handshake import describe, foreign_board, reset_board, status
from firmware_bridge.messages import (
    Ack,
    BeamEdge,
    EventAck,
    Fault,
    Hello,
    HostMessage,
    Identity,
    MachineSettings,
    OutletSettings,
    Report,
    ReportAck,
    SettingsRead,
    State,
)
from firmware_bridge.orders import Orders
from firmware_bridge.packing import Foreign, MessageError, unpack
from firmware_bridge.polling import Polling
from firmware_bridge.position import BeltPosition
from firmware_bridge.shot_desk import ShotDesk

HELLO_EVERY_S = 0.2
LOST_AFTER_S = 1.0
"""A board that leaves its questions unanswered for this long is lost."""


@dataclass(slots=True, kw_only=True)
class LinkCounters:
    """What went wrong on the link and was mended or dropped."""

    frame_errors: int = 0
    """Pieces from the board that were no frame."""
    malformed: int = 0
    """Sound frames that make no message."""
    stale: int = 0
    """Answers, reports and beam edges that had come before."""
    commands_unanswered: int = 0


class _Phase(enum.Enum):
    CLOSED = enum.auto()
    GREETING = enum.auto()
    READY = enum.auto()


class Link:
    """Handshake, commands, reports, faults and belt position over bytes.

    Args:
        name: what the board is called in sentences for the user.
        nonces: gives a new session number, 1 … 2³²-1, for every handshake.
        byte_s: time of one byte on the wire, the least that a frame can take per byte.
        virtual_ticks_per_s: that the board makes itself while its belt runs, for a machine without
            an encoder; 0 where an encoder counts.
    """

    def __init__(
        self,
        *,
        name: str,
        nonces: Callable[[], int],
        byte_s: float,
        virtual_ticks_per_s: float = 0.0,
    ) -> None:
        self._name = name
        self._nonces = nonces
        self._phase = _Phase.CLOSED
        self._deframer = Deframer()
        self._events: list[BoardEvent] = []
        self._commands = CommandWindow()
        self._polling = Polling(byte_s)
        self._acks: deque[HostMessage] = deque()
        self._seq = 0
        self._session = 0
        self._identity: Identity | None = None
        self._boot_nonce: int | None = None
        self._faults = FaultWatch()
        self._status: BoardStatus | None = None
        self._beams = BeamLog()
        self._hello_at_s = 0.0
        self._heard_at_s = 0.0
        self._greeting_since_s = 0.0
        self.position = BeltPosition()
        self.counters = LinkCounters()
        self.orders = Orders(virtual_ticks_per_s)
        """What the board has to do, shots apart."""
        self.shots = ShotDesk(self.position)

    @property
    def identity(self) -> BoardIdentity | None:
        """What the board says it is; None unless connected."""
        return None if self._identity is None else describe(self._identity)

    @property
    def status(self) -> BoardStatus | None:
        """What the board last said of itself; None before its first state."""
        return self._status

    @property
    def retries(self) -> int:
        """Commands sent again because no answer came in time."""
        return self._commands.retries

    @property
    def beam_edges_missed(self) -> int:
        """Beam edges for which the board had no room."""
        return self._beams.missed

    def greeting_for_s(self, now_s: float) -> float:
        """How long a board that has never answered has been greeted; 0 once it has answered."""
        if self._phase is not _Phase.GREETING or self._boot_nonce is not None:
            return 0.0
        return now_s - self._greeting_since_s

    def start(self, now_s: float) -> None:
        """The pipe to the board is open. What an earlier session left unended ends now."""
        if self._phase is _Phase.READY:
            self._end_session(Reason.LINK_LOST, now_s)
        self._deframer = Deframer()
        self._greet(now_s)
        self._greeting_since_s = now_s

    def lose(self, why: str, now_s: float) -> None:
        """The pipe to the board is gone."""
        if self._phase is _Phase.READY:
            self._lose_session(why, Reason.LINK_LOST, now_s)
        self._phase = _Phase.CLOSED

    def shoot(self, shot: Shot) -> None:
        """Take a shot over; its end comes as one `ShotReport` for each of its items.

        Raises:
            ValueError: a shot for one of its items was handed over before.
        """
        self.shots.shoot(shot, self._refusal(shot))

    def flush(self) -> None:
        """Cancel every shot that has not ended."""
        self.shots.flush()

    def heartbeat(self) -> None:
        """The pipeline has made progress."""
        if self._phase is _Phase.READY:
            self._polling.heartbeat()

    def take_events(self) -> list[BoardEvent]:
        """What has happened since the last call, in order."""
        self._collect()
        events, self._events = self._events, []
        return events

    # --- from the board -------------------------------------------------------------------------

    def receive(self, data: bytes, at_s: float) -> None:
        """Take bytes from the board; `at_s` is when the last of them came in.

        Raises:
            BoardProtocolError: the board speaks another protocol version.
        """
        if self._phase is _Phase.CLOSED:
            return
        errors = self._deframer.errors
        for frame in self._deframer.feed(data):
            self._handle_frame(frame, at_s)
        self.counters.frame_errors += self._deframer.errors - errors

    def _handle_frame(self, frame: Frame, at_s: float) -> None:
        try:
            message = unpack(frame.kind, frame.payload)
        except MessageError:
            self.counters.malformed += 1
            return
        if isinstance(message, Foreign):
            raise BoardProtocolError(foreign_board(self._name, message))
        if isinstance(message, Identity):
            self._handle_identity(message, at_s)
        elif self._phase is _Phase.READY:
            self._heard_at_s = max(self._heard_at_s, at_s)
            self._polling.heard()
            if isinstance(message, State):
                self._handle_state(message, frame, at_s)
            elif isinstance(message, Ack):
                self._handle_ack(message, frame.seq)
            elif isinstance(message, Report):
                self._handle_report(message)
            elif isinstance(message, Fault):
                self._events += self._faults.update(message.faults)
            elif isinstance(message, BeamEdge):
                self._handle_beam(message)
            elif isinstance(message, OutletSettings | MachineSettings):
                self._handle_settings(message, frame.seq)
            else:
                self.counters.malformed += 1

    def _handle_identity(self, identity: Identity, at_s: float) -> None:
        if self._phase is _Phase.READY:
            if identity.session != self._session:
                self._lose_to_reset(identity, at_s)
        elif identity.session == self._session:
            if self._boot_nonce not in (None, identity.boot_nonce):
                self.position.forget(rebooted=True)
                self._beams = BeamLog()
            self._identity = identity
            self._boot_nonce = identity.boot_nonce
            self._phase = _Phase.READY
            self._heard_at_s = at_s
            self._polling.start(at_s)
            key = SessionKey(boot_nonce=identity.boot_nonce, session=self._session)
            self.orders.start(key, identity.channels, at_s)
            self._events.append(BoardConnected(identity=describe(identity)))

    def _lose_to_reset(self, identity: Identity, now_s: float) -> None:
        if self._boot_nonce == identity.boot_nonce:
            self._lose_session(f"{self._name} has left the session", Reason.LINK_LOST, now_s)
        else:
            self._lose_session(reset_board(self._name, identity), Reason.RESET, now_s)
        self._greet(now_s)

    def _handle_state(self, state: State, frame: Frame, at_s: float) -> None:
        round_trip = self._polling.round_trip(frame.seq, frame.size, at_s)
        if round_trip is None:
            self.counters.stale += 1
            return
        sent_s, received_s = round_trip
        self.position.add(
            tick=state.tick,
            ticks_back=state.ticks_back,
            board_us=state.board_us,
            sent_s=sent_s,
            received_s=received_s,
        )
        self._status = status(state, self.position.unfold(state.tick))
        start_needed = START_NEEDED in self._status.flags
        self._events += self._faults.update(state.faults, start_needed=start_needed)
        self.shots.make_room(state.free_slots)

    def _handle_ack(self, ack: Ack, seq: int) -> None:
        command = self._commands.answer(ack.command, seq)
        if command is None:
            self.counters.stale += 1
            return
        reason = REASONS.get(ack.status, Reason.NOT_READY)
        self.shots.answered(command, reason)
        self.orders.answered(command, reason)

    def _handle_report(self, report: Report) -> None:
        if report.outcome not in OUTCOMES or report.reason not in REASONS:
            self.counters.malformed += 1
            return
        self._acks.append(ReportAck(item_id=report.item_id))
        self._commands.drop_shot(report.item_id)
        self.counters.stale += not self.shots.take_report(report)

    def _handle_beam(self, edge: BeamEdge) -> None:
        if edge.beam >= len(BEAMS):
            self.counters.malformed += 1
            return
        self._acks.append(EventAck(number=edge.number))
        event = self._beams.take(edge, self.position)
        if event is None:
            self.counters.stale += 1
        else:
            self._events.append(event)

    def _handle_settings(self, part: OutletSettings | MachineSettings, seq: int) -> None:
        command = self._commands.answer(SettingsRead.TYPE, seq)
        if command is None or not self.orders.take_part(part):
            self.counters.stale += 1

    # --- to the board ---------------------------------------------------------------------------

    def due(self, now_s: float) -> bytes:
        """The bytes to send now."""
        if self._polling.unanswered_for_s(now_s) >= LOST_AFTER_S:
            why = f"{self._name} has not answered for {LOST_AFTER_S:g} s"
            self._lose_session(why, Reason.LINK_LOST, now_s)
            self._greet(now_s)
        if self._phase is _Phase.GREETING:
            return self._due_hello(now_s)
        if self._phase is _Phase.READY:
            return b"".join((self._due_question(now_s), *self._due_commands(now_s)))
        return b""

    def _due_hello(self, now_s: float) -> bytes:
        if now_s < self._hello_at_s:
            return b""
        self._hello_at_s = now_s + HELLO_EVERY_S
        hello = Hello(protocol=PROTOCOL_VERSION, session=self._session)
        return b"\0" + encode(hello, self._next_seq())

    def _due_question(self, now_s: float) -> bytes:
        if not self._polling.is_due(now_s):
            return b""
        return self._polling.ask(now_s, self._next_seq())

    def _due_commands(self, now_s: float) -> list[bytes]:
        for unanswered in self._commands.expire(now_s):
            self.counters.commands_unanswered += 1
            self.shots.unanswered(unanswered)
            self.orders.answered(unanswered, Reason.LINK_LOST)
        frames: list[bytes] = []
        while self._acks:
            frames.append(encode(self._acks.popleft(), self._next_seq()))
        frames.extend(encode(p.command, p.seq) for p in self._commands.overdue(now_s))
        frames.extend(self._new_commands(now_s))
        return frames

    def _new_commands(self, now_s: float) -> list[bytes]:
        assert self._identity is not None
        key = SessionKey(boot_nonce=self._identity.boot_nonce, session=self._session)
        frames: list[bytes] = []
        while self._commands.has_room:
            command = self.orders.next_command(self._commands)
            if command is None:
                command = self.shots.next_command(self._commands, key, self._identity.slots)
            if command is None:
                break
            seq = self._next_seq()
            self._commands.add(command, seq, now_s)
            frames.append(encode(command, seq))
        return frames

    # --- session --------------------------------------------------------------------------------

    def _refusal(self, shot: Shot) -> Reason:
        if self._phase is not _Phase.READY or self._identity is None:
            return Reason.NOT_READY
        known = 0 <= shot.channel < self._identity.channels
        return Reason.NONE if known else Reason.CHANNEL

    def _greet(self, now_s: float) -> None:
        self._phase = _Phase.GREETING
        self._session = self._nonces()
        self._hello_at_s = now_s

    def _lose_session(self, why: str, reason: Reason, now_s: float) -> None:
        self._end_session(reason, now_s)
        self._events.append(BoardLost(why=why))

    def _end_session(self, reason: Reason, now_s: float) -> None:
        self.shots.end_all(reason, self._reachable_tick(reason, now_s))
        self.orders.stop(self._commands.clear())
        self._collect()
        self._events += self._faults.update(0, start_needed=False)
        self.position.forget(rebooted=False)
        self._polling.stop()
        self._acks.clear()
        self._identity = None
        self._status = None

    def _reachable_tick(self, reason: Reason, now_s: float) -> float:
        tick = self.position.tick_at(self._heard_at_s)
        if tick is None:
            return float("inf")
        until_s = now_s
        if reason is Reason.LINK_LOST:
            until_s = max(now_s, self._polling.heartbeat_at_s + SILENCE_US / 1e6)
        return tick + (until_s - self._heard_at_s) * MAX_TICKS_PER_S

    def _collect(self) -> None:
        self._events.extend(self.shots.take_reports())
        self._events.extend(self.orders.take_events())

    def _next_seq(self) -> int:
        while True:
            self._seq = (self._seq + 1) & 0xFF
            if not self._commands.uses(self._seq):
                return self._seq
