"""A link and the board's end of its wire, played by hand."""

from collections.abc import Callable
from itertools import count
from typing import TypeVar

from firmware_bridge.board import BoardEvent, Outcome, Reason, ShotReport
from firmware_bridge.codes import OUTCOME_CODES, REASON_CODES
from firmware_bridge.compiled_in import PROTOCOL_VERSION
from firmware_bridge.framing import Deframer, encode
from firmware_bridge.link import Link
from firmware_bridge.messages import (
    Ack,
    Heartbeat,
    Hello,
    Identity,
    Message,
    Query,
    Report,
    ReportAck,
    ShotCommand,
    State,
)
from firmware_bridge.packing import unpack

M = TypeVar("M")
E = TypeVar("E")
BOOT = 7
SLOTS = 24


class Peer:
    """Answers nothing by itself but hellos and questions; the test does the rest."""

    def __init__(self, *, virtual_ticks_per_s: float = 0.0) -> None:
        self.now_s = 0.0
        self.tick = 0
        self.boot_nonce = BOOT
        self.free_slots = SLOTS
        self.flags = 0
        self.faults = 0
        self.deaf = False
        """Questions go unanswered too."""
        self.heard: list[tuple[int, Message]] = []
        self.events: list[BoardEvent] = []
        self.link = Link(
            name="the test board",
            nonces=count(1).__next__,
            byte_s=4e-5,
            virtual_ticks_per_s=virtual_ticks_per_s,
        )
        self._deframer = Deframer()
        self._event_seq = 0

    def connect(self) -> "Peer":
        self.link.start(self.now_s)
        self.run(0.1)
        assert self.link.identity is not None
        self.heard.clear()
        self.events.clear()
        return self

    def run(self, duration_s: float) -> None:
        until_s = self.now_s + duration_s
        while self.now_s < until_s:
            self.now_s += 0.001
            self.exchange()

    def exchange(self) -> None:
        for frame in self._deframer.feed(self.link.due(self.now_s)):
            message = unpack(frame.kind, frame.payload)
            if isinstance(message, Hello) and not self.deaf:
                self.send(self.identity(message.session), frame.seq)
            elif isinstance(message, Heartbeat | Query):
                if not self.deaf:
                    self.send(self.state(), frame.seq)
            else:
                self.heard.append((frame.seq, message))
        self.events += self.link.take_events()

    def identity(self, session: int) -> Identity:
        return Identity(
            protocol=PROTOCOL_VERSION,
            version_major=0,
            version_minor=1,
            version_patch=0,
            boot_nonce=self.boot_nonce,
            session=session,
            clock_hz=16_000_000,
            build_hash=0xCAFE,
            channels=8,
            slots=SLOTS,
            reset_cause=1,
            capabilities=0x0005,
        )

    def state(self) -> State:
        return State(
            tick=self.tick,
            board_us=round((self.now_s + 0.001) * 1e6),
            faults=self.faults,
            flags=self.flags,
            inputs=0x08,
            outlets=0x05,
            free_slots=self.free_slots,
            encoder_errors=2,
            frame_errors=3,
            ticks_back=0,
        )

    def send(self, message: Message, seq: int | None = None) -> None:
        if seq is None:
            self._event_seq = seq = (self._event_seq + 1) % 256
        self.link.receive(encode(message, seq), self.now_s + 0.003)
        self.events += self.link.take_events()

    def answer(self, reason: Reason = Reason.NONE, *, to: Callable[[Message], bool]) -> None:
        """Acknowledge the newest command for which `to` holds."""
        seq, message = next(pair for pair in reversed(self.heard) if to(pair[1]))
        self.send(Ack(command=message.TYPE, status=REASON_CODES[reason]), seq)

    def arm(self, key: int, reason: Reason = Reason.NONE) -> None:
        """Answer a shot."""
        self.answer(reason, to=lambda m: isinstance(m, ShotCommand) and m.item_id == key)

    def report(
        self,
        key: int,
        outcome: Outcome,
        reason: Reason = Reason.NONE,
        *,
        items: int = 1,
        opened: tuple[int, int] | None = None,
    ) -> None:
        open_tick, close_tick = opened or (0, 0)
        self.send(
            Report(
                item_id=key,
                items=items,
                channel=0,
                outcome=OUTCOME_CODES[outcome],
                reason=REASON_CODES[reason],
                opened=int(opened is not None),
                open_tick=open_tick,
                close_tick=close_tick,
            )
        )

    def all(self, kind: type[M]) -> list[M]:
        return [message for _, message in self.heard if isinstance(message, kind)]

    def told(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def shots(self) -> list[int]:
        """Keys of the shots that came over the wire, repeats included."""
        return [shot.item_id for shot in self.all(ShotCommand)]

    @property
    def acknowledged(self) -> list[int]:
        return [ack.item_id for ack in self.all(ReportAck)]

    @property
    def ends(self) -> dict[int, tuple[Outcome, Reason]]:
        """By item; fails on a second report of the same item."""
        reports = self.told(ShotReport)
        ends = {report.item_id: (report.outcome, report.reason) for report in reports}
        assert len(ends) == len(reports), "an item was reported twice"
        return ends
