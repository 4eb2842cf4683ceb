"""The host's side of the link, without input or output: bytes and the time in, bytes out.

One `Link` talks to one board for as long as the daemon runs: through resets and lost connections.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from firmware_bridge.board import (
    BoardConnected,
    BoardEvent,
    BoardFault,
    BoardIdentity,
    BoardLost,
    BoardProtocolError,
    Outcome,
    Reason,
    Shot,
)
from firmware_bridge.commands import CommandWindow
from firmware_bridge.framing import Deframer, Frame, encode
from firmware_bridge.handshake import describe, foreign_board, reset_board
from firmware_bridge.messages import (
    FAULT_BITS,
    HORIZON_TICKS,
    OUTCOMES,
    PROTOCOL_VERSION,
    REASONS,
    SILENCE_US,
    Ack,
    BeltCommand,
    Fault,
    Flush,
    Foreign,
    Hello,
    Identity,
    MessageError,
    Report,
    ReportAck,
    ShotCommand,
    State,
    unpack,
)
from firmware_bridge.polling import Polling
from firmware_bridge.position import BeltPosition
from firmware_bridge.shot_book import MAX_HELD, ShotBook

HELLO_EVERY_S = 0.2
LOST_AFTER_S = 1.0
"""A board that leaves its questions unanswered for this long is lost."""
MAX_TICKS_PER_S = 5_000
"""The fastest belt that the board is built for; bounds where a belt out of sight can be."""


@dataclass(slots=True, kw_only=True)
class LinkCounters:
    """What went wrong on the link and was mended or dropped."""

    frame_errors: int = 0
    """Pieces from the board that were no frame."""
    malformed: int = 0
    """Sound frames that make no message."""
    stale: int = 0
    """Answers and reports to what was answered or ended before."""
    commands_unanswered: int = 0
    belt_refused: int = 0


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
    """

    def __init__(self, *, name: str, nonces: Callable[[], int], byte_s: float) -> None:
        self._name = name
        self._nonces = nonces
        self._phase = _Phase.CLOSED
        self._deframer = Deframer()
        self._events: list[BoardEvent] = []
        self._book = ShotBook()
        self._commands = CommandWindow()
        self._polling = Polling(byte_s)
        self._report_acks: deque[int] = deque()
        self._seq = 0
        self._session = 0
        self._identity: Identity | None = None
        self._boot_nonce: int | None = None
        self._faults = 0
        self._belt: bool | None = None
        self._flush = False
        self._flush_again = False
        self._hello_at_s = 0.0
        self._heard_at_s = 0.0
        self._greeting_since_s = 0.0
        self.position = BeltPosition()
        self.counters = LinkCounters()

    @property
    def identity(self) -> BoardIdentity | None:
        """What the board says it is; None unless connected."""
        return None if self._identity is None else describe(self._identity)

    @property
    def retries(self) -> int:
        """Commands sent again because no answer came in time."""
        return self._commands.retries

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
        """Take a shot over; its end comes as one `ShotReport`.

        Raises:
            ValueError: a shot with this id was handed over before.
        """
        self._book.add(shot)
        refusal = self._refusal(shot)
        if refusal is not Reason.NONE:
            self._book.end(shot.item_id, Outcome.REFUSED, refusal)

    def set_belt(self, running: bool) -> None:
        """Command the belt: now, or after the handshake that is under way."""
        self._belt = running

    def flush(self) -> None:
        """Cancel every shot that has not ended."""
        for booked in self._book.booked:
            if not booked.sent:
                self._book.end(booked.shot.item_id, Outcome.CANCELLED, Reason.FLUSH)
        self._flush = self._phase is _Phase.READY

    def heartbeat(self) -> None:
        """The pipeline has made progress."""
        if self._phase is _Phase.READY:
            self._polling.heartbeat()

    def take_events(self) -> list[BoardEvent]:
        """What has happened since the last call, in order."""
        self._collect_reports()
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
                self._set_faults(message.faults)
            else:
                self.counters.malformed += 1

    def _handle_identity(self, identity: Identity, at_s: float) -> None:
        if self._phase is _Phase.READY:
            if identity.session != self._session:
                self._lose_to_reset(identity, at_s)
        elif identity.session == self._session:
            if self._boot_nonce not in (None, identity.boot_nonce):
                self.position.forget(rebooted=True)
            self._identity = identity
            self._boot_nonce = identity.boot_nonce
            self._phase = _Phase.READY
            self._heard_at_s = at_s
            self._polling.start(at_s)
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
            tick=state.tick, board_us=state.board_us, sent_s=sent_s, received_s=received_s
        )
        self._set_faults(state.faults)

    def _handle_ack(self, ack: Ack, seq: int) -> None:
        command = self._commands.answer(ack, seq)
        if command is None:
            self.counters.stale += 1
        elif ack.status and isinstance(command, ShotCommand):
            reason = REASONS.get(ack.status, Reason.NOT_READY)
            self._book.end(command.item_id, Outcome.REFUSED, reason)
        elif ack.status and isinstance(command, BeltCommand):
            self.counters.belt_refused += 1

    def _handle_report(self, report: Report) -> None:
        if report.outcome not in OUTCOMES or report.reason not in REASONS:
            self.counters.malformed += 1
            return
        self._report_acks.append(report.item_id)
        self._commands.drop_shot(report.item_id)
        opened = bool(report.opened)
        ended = self._book.end(
            report.item_id,
            OUTCOMES[report.outcome],
            REASONS[report.reason],
            open_tick=self.position.unfold(report.open_tick) if opened else None,
            close_tick=self.position.unfold(report.close_tick) if opened else None,
        )
        self.counters.stale += not ended

    def _set_faults(self, faults: int) -> None:
        for name, bit in FAULT_BITS.items():
            if (faults ^ self._faults) & bit:
                self._events.append(BoardFault(name=name, active=bool(faults & bit)))
        self._faults = faults

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
            if isinstance(unanswered, ShotCommand):
                self._book.end(unanswered.item_id, Outcome.UNKNOWN, Reason.LINK_LOST)
        frames: list[bytes] = []
        while self._report_acks:
            ack = ReportAck(item_id=self._report_acks.popleft())
            frames.append(encode(ack, self._next_seq()))
        frames.extend(encode(p.command, p.seq) for p in self._commands.overdue(now_s))
        while self._commands.has_room:
            command = self._next_command()
            if command is None:
                break
            seq = self._next_seq()
            self._commands.add(command, seq, now_s)
            frames.append(encode(command, seq))
        return frames

    def _next_command(self) -> ShotCommand | BeltCommand | Flush | None:
        if self._belt is not None:
            assert self._identity is not None
            command = BeltCommand(
                boot_nonce=self._identity.boot_nonce,
                session=self._session,
                run=2 * self._belt,
                virtual_mticks_s=0,
            )
            self._belt = None
            self._commands.drop_belt()
            return command
        if self._commands.holds(Flush):
            return None
        if self._flush or self._flush_again:
            return self._next_flush()
        return self._next_shot()

    def _next_flush(self) -> Flush | None:
        # A shot that is still unanswered may reach the board only after the flush, by its repeat:
        # flush at once, and once more when every shot has been answered.
        unanswered = self._commands.holds(ShotCommand)
        if unanswered and not self._flush:
            return None
        self._flush = False
        self._flush_again = unanswered
        return Flush()

    def _next_shot(self) -> ShotCommand | None:
        assert self._identity is not None
        near_tick = self.position.last_tick
        booked = self._book.nearest_held()
        if booked is None or near_tick is None or self._book.on_board >= self._identity.slots:
            return None
        shot = booked.shot
        if abs(shot.open_tick - near_tick) > HORIZON_TICKS:
            # Farther than this a folded tick could come out on the wrong side of the belt.
            late = shot.open_tick < near_tick
            reason = Reason.LATE if late else Reason.HORIZON
            self._book.end(shot.item_id, Outcome.REFUSED, reason)
            return self._next_shot()
        booked.sent = True
        return ShotCommand(
            boot_nonce=self._identity.boot_nonce,
            session=self._session,
            item_id=shot.item_id,
            mate_1=0,
            mate_2=0,
            mate_3=0,
            channel=shot.channel,
            open_tick=self.position.fold(shot.open_tick),
            close_tick=self.position.fold(shot.close_tick),
        )

    # --- session --------------------------------------------------------------------------------

    def _refusal(self, shot: Shot) -> Reason:
        if self._phase is not _Phase.READY or self._identity is None:
            return Reason.NOT_READY
        if 0 < self.position.base > shot.open_tick:
            return Reason.RESET
        if not 0 <= shot.channel < self._identity.channels:
            return Reason.CHANNEL
        if shot.close_tick - shot.open_tick > HORIZON_TICKS:
            return Reason.WINDOW
        return Reason.FULL if self._book.held > MAX_HELD else Reason.NONE

    def _greet(self, now_s: float) -> None:
        self._phase = _Phase.GREETING
        self._session = self._nonces()
        self._hello_at_s = now_s

    def _lose_session(self, why: str, reason: Reason, now_s: float) -> None:
        self._end_session(reason, now_s)
        self._events.append(BoardLost(why=why))

    def _end_session(self, reason: Reason, now_s: float) -> None:
        self._book.end_all(reason, self._reachable_tick(reason, now_s))
        self._collect_reports()
        self._set_faults(0)
        self.position.forget(rebooted=False)
        self._polling.stop()
        self._commands.clear()
        self._report_acks.clear()
        self._belt = None
        self._flush = self._flush_again = False
        self._identity = None

    def _reachable_tick(self, reason: Reason, now_s: float) -> float:
        tick = self.position.tick_at(self._heard_at_s)
        if tick is None:
            return float("inf")
        until_s = now_s
        if reason is Reason.LINK_LOST:
            until_s = max(now_s, self._polling.heartbeat_at_s + SILENCE_US / 1e6)
        return tick + (until_s - self._heard_at_s) * MAX_TICKS_PER_S

    def _collect_reports(self) -> None:
        self._events.extend(self._book.take_reports())

    def _next_seq(self) -> int:
        while True:
            self._seq = (self._seq + 1) & 0xFF
            if not self._commands.uses(self._seq):
                return self._seq
