"""The firmware's behaviour in pure Python, on the wire and at the pins."""

from __future__ import annotations

from collections import deque

from firmware_bridge.board import Reason
from firmware_bridge.framing import Deframer, Frame, encode
from firmware_bridge.messages import (
    CEILINGS,
    CHANNELS,
    FAULT_BITS,
    FLAG_BITS,
    INPUT_BITS,
    PROTOCOL_VERSION,
    REASON_CODES,
    REPORT_RESEND_US,
    RESET_CAUSES,
    SHOT_SLOTS,
    SILENCE_US,
    Ack,
    BeltCommand,
    Fault,
    Flush,
    Foreign,
    Heartbeat,
    Hello,
    Identity,
    Message,
    MessageError,
    Query,
    Report,
    ReportAck,
    ShotCommand,
    State,
    unpack,
)
from firmware_bridge.plant import IDLE_LEVELS, OUTLET_PINS, InputPin, OutputPin, PinEdge
from firmware_bridge.shot_queue import ShotQueue
from firmware_bridge.wired_plant import WireFrame
from firmware_bridge.wrapping import fold

BYTE_US = 40
"""One byte of ten bits at 250 000 baud."""

MAX_ON_US = CEILINGS["valve"].max_on_ms * 1_000

_QUADRATURE = {
    (old, new): step
    for step, cycle in ((1, (0, 1, 3, 2)), (-1, (0, 2, 3, 1)))
    for old, new in zip(cycle, (*cycle[1:], cycle[0]), strict=True)
}
"""Step by (old, new) with bit 0 = A, bit 1 = B: A rising before B is forward."""


class VirtualFirmware:
    """A board that takes no time to think: it answers when a frame's last byte has arrived.

    Args:
        protocol: the version that it claims to speak.
        boot_nonce: the number of its boot; `reset` counts it up.
        start_tick: where its tick count starts.
        start_us: where its microsecond count starts.
    """

    def __init__(
        self,
        *,
        protocol: int = PROTOCOL_VERSION,
        boot_nonce: int = 1,
        start_tick: int = 0,
        start_us: int = 0,
    ) -> None:
        self._now_us = 0
        self._inputs = dict(IDLE_LEVELS)
        self._outputs = dict.fromkeys(OutputPin, False)
        self._edges: list[PinEdge] = []
        self._incoming: deque[tuple[int, bytes]] = deque()
        self._incoming_free_us = 0
        self._outgoing: deque[WireFrame] = deque()
        self._outgoing_free_us = 0
        self._clock_offset_us = start_us
        self._start_tick = start_tick
        self._protocol = protocol
        self._boot(boot_nonce, "power_on")

    @property
    def now_us(self) -> int:
        """Microseconds since the board was powered."""
        return self._now_us

    def drive(self, pin: InputPin, level: bool) -> None:
        """Set an input pin now."""
        if self._inputs[pin] == level:
            return
        self._inputs[pin] = level
        if pin in (InputPin.ENCODER_A, InputPin.ENCODER_B):
            self._turn()
        elif pin is InputPin.ESTOP and level:
            self._stop_for_emergency()
        elif pin is InputPin.BUTTON and not level:
            self._clear_emergency()

    def advance(self, until_us: int) -> list[PinEdge]:
        """Run up to `until_us` and return the output edges since the last call.

        Raises:
            ValueError: `until_us` lies in the past.
        """
        if until_us < self._now_us:
            raise ValueError(f"cannot go back from {self._now_us} µs to {until_us} µs")
        while (event_us := self._next_event_us()) <= until_us:
            self._now_us = max(event_us, self._now_us)
            self._handle_due()
        self._now_us = until_us
        edges, self._edges = self._edges, []
        return edges

    def send(self, data: bytes) -> None:
        """Put bytes on the wire to the board, behind those already there."""
        for piece in data.split(b"\0"):
            self._incoming_free_us = (
                max(self._now_us, self._incoming_free_us) + (len(piece) + 1) * BYTE_US
            )
            self._incoming.append((self._incoming_free_us, piece + b"\0"))
        at_us, last = self._incoming.pop()
        self._incoming_free_us -= BYTE_US
        if last != b"\0":
            self._incoming.append((at_us - BYTE_US, last[:-1]))

    def take(self) -> list[WireFrame]:
        """What has come from the board by now."""
        taken: list[WireFrame] = []
        while self._outgoing and self._outgoing[0].at_us <= self._now_us:
            taken.append(self._outgoing.popleft())
        return taken

    def reset(self, cause: str = "external") -> None:
        """Start anew, as the reset button would; the pins of the machine stay as they are."""
        self._incoming.clear()
        self._incoming_free_us = self._now_us
        self._start_tick = 0
        self._clock_offset_us = -self._now_us
        self._boot(self._boot_nonce + 1, cause)

    def _boot(self, boot_nonce: int, cause: str) -> None:
        self._boot_nonce = boot_nonce
        self._cause = cause
        self._queue = ShotQueue()
        self._deframer = Deframer()
        self._tick = self._start_tick
        self._quadrature = self._encoder_level()
        self._encoder_errors = 0
        self._malformed = 0
        self._session = 0
        self._heard_us = self._now_us
        self._silent = True
        self._estop = self._inputs[InputPin.ESTOP]
        self._belt = False
        self._opened_us: dict[int, int] = {}
        self._reported_us: dict[int, int] = {}
        self._event_seq = 0
        self._faults_told = self._faults()
        self._write_pins()
        self._transmit_identity()

    # --- time -----------------------------------------------------------------------------------

    def _next_event_us(self) -> int:
        candidates = [1 << 62]
        if self._incoming:
            candidates.append(self._incoming[0][0])
        if not self._silent:
            candidates.append(self._heard_us + SILENCE_US)
        candidates.extend(opened + MAX_ON_US for opened in self._opened_us.values())
        candidates.extend(sent + REPORT_RESEND_US for sent in self._reported_us.values())
        return min(candidates)

    def _handle_due(self) -> None:
        now_us = self._now_us
        while self._incoming and self._incoming[0][0] <= now_us:
            for frame in self._deframer.feed(self._incoming.popleft()[1]):
                self._handle_frame(frame)
        if not self._silent and now_us - self._heard_us >= SILENCE_US:
            self._silent = True
            self._stop(Reason.SILENCE)
        for channel, opened_us in list(self._opened_us.items()):
            if now_us - opened_us >= MAX_ON_US:
                self._queue.cut(channel, self._tick)
        self._settle()

    # --- machine --------------------------------------------------------------------------------

    def _encoder_level(self) -> int:
        return self._inputs[InputPin.ENCODER_A] | self._inputs[InputPin.ENCODER_B] << 1

    def _turn(self) -> None:
        old, self._quadrature = self._quadrature, self._encoder_level()
        step = _QUADRATURE.get((old, self._quadrature), 0)
        if step == 0:
            self._encoder_errors += 1
            return
        self._tick = fold(self._tick + step)
        self._queue.on_tick(self._tick, step > 0)
        self._settle()

    def _stop_for_emergency(self) -> None:
        self._estop = True
        self._stop(Reason.ESTOP)
        self._settle()

    def _clear_emergency(self) -> None:
        self._estop = self._inputs[InputPin.ESTOP]
        self._settle()

    def _stop(self, reason: Reason) -> None:
        self._belt = False
        self._queue.stop(reason, self._tick)

    def _settle(self) -> None:
        """Bring pins, fault bits and reports in line with the state."""
        self._write_pins()
        if self._faults() != self._faults_told and self._session:
            self._faults_told = self._faults()
            self._transmit_event(Fault(faults=self._faults_told))
        self._transmit_reports()

    def _write_pins(self) -> None:
        mask = self._queue.open_mask
        for channel in range(CHANNELS):
            level = bool(mask >> channel & 1)
            if level and channel not in self._opened_us:
                self._opened_us[channel] = self._now_us
            elif not level:
                self._opened_us.pop(channel, None)
            self._set_output(OUTLET_PINS[channel], level)
        self._set_output(OutputPin.BELT, self._belt)
        self._set_output(OutputPin.STACK_LIGHT, self._belt)
        self._set_output(OutputPin.STATUS_LED, not self._silent)

    def _set_output(self, pin: OutputPin, level: bool) -> None:
        if self._outputs[pin] != level:
            self._outputs[pin] = level
            self._edges.append(PinEdge(at_us=self._now_us, pin=pin, level=level))

    # --- wire -----------------------------------------------------------------------------------

    def _handle_frame(self, frame: Frame) -> None:
        try:
            message = unpack(frame.kind, frame.payload)
        except MessageError:
            self._malformed += 1
            return
        if isinstance(message, Foreign) or self._protocol != PROTOCOL_VERSION:
            self._transmit_identity(frame.seq)
        elif isinstance(message, Hello):
            self._greet(message, frame.seq)
        elif not self._session:
            self._transmit_identity(frame.seq)
        else:
            self._obey(message, frame.seq)

    def _greet(self, hello: Hello, seq: int) -> None:
        if hello.session != self._session:
            self._session = hello.session
            self._queue.clear()
            self._reported_us.clear()
            self._belt = False
            self._heard()
        self._transmit_identity(seq)

    def _obey(self, message: Message | Foreign, seq: int) -> None:
        if isinstance(message, Heartbeat):
            self._heard()
            self._transmit_state(seq)
        elif isinstance(message, Query):
            self._transmit_state(seq)
        elif isinstance(message, ShotCommand):
            self._arm(message, seq)
        elif isinstance(message, BeltCommand):
            refusal = self._hindrance() if message.run else Reason.NONE
            if refusal is Reason.NONE:
                self._belt = bool(message.run)
            self._acknowledge(message, seq, refusal)
        elif isinstance(message, Flush):
            self._queue.stop(Reason.FLUSH, self._tick)
            self._acknowledge(message, seq, Reason.NONE)
        elif isinstance(message, ReportAck):
            self._queue.acknowledge(message.item_id)
            self._reported_us.pop(message.item_id, None)

    def _arm(self, shot: ShotCommand, seq: int) -> None:
        if shot.item_id == 0:
            self._malformed += 1
            return
        self._acknowledge(shot, seq, self._queue.offer(shot, self._tick, self._hindrance()))

    def _heard(self) -> None:
        self._heard_us = self._now_us
        self._silent = False

    def _hindrance(self) -> Reason:
        if self._estop:
            return Reason.ESTOP
        return Reason.SILENCE if self._silent else Reason.NONE

    def _faults(self) -> int:
        return self._estop * FAULT_BITS["estop"] | self._silent * FAULT_BITS["silence"]

    def _transmit_reports(self) -> None:
        for report in self._queue.reports:
            sent_us = self._reported_us.get(report.item_id)
            if sent_us is None or self._now_us - sent_us >= REPORT_RESEND_US:
                self._reported_us[report.item_id] = self._now_us
                self._transmit_event(report)

    def _acknowledge(self, command: Message, seq: int, status: Reason) -> None:
        self._transmit(Ack(command=command.TYPE, status=REASON_CODES[status]), seq)

    def _transmit_state(self, seq: int) -> None:
        inputs = sum(
            INPUT_BITS[pin.value] * self._inputs[pin]
            for pin in (InputPin.ESTOP, InputPin.ENTRY_BEAM, InputPin.PASSED_BEAM, InputPin.BUTTON)
        )
        state = State(
            tick=self._tick,
            board_us=fold(self._now_us + self._clock_offset_us),
            faults=self._faults(),
            flags=FLAG_BITS["belt_running"] * self._belt,
            inputs=inputs,
            outlets=self._queue.open_mask,
            free_slots=self._queue.free_slots,
            encoder_errors=self._encoder_errors & 0xFFFF,
            frame_errors=(self._deframer.errors + self._malformed) & 0xFFFF,
        )
        self._transmit(state, seq)

    def _transmit_identity(self, seq: int = 0) -> None:
        identity = Identity(
            protocol=self._protocol,
            version_major=0,
            version_minor=1,
            version_patch=0,
            boot_nonce=self._boot_nonce,
            session=self._session,
            clock_hz=16_000_000,
            build_hash=0,
            channels=CHANNELS,
            slots=SHOT_SLOTS,
            reset_cause=RESET_CAUSES.index(self._cause),
            capabilities=0,
        )
        self._transmit(identity, seq)

    def _transmit_event(self, message: Report | Fault) -> None:
        self._event_seq = (self._event_seq + 1) & 0xFF
        self._transmit(message, self._event_seq)

    def _transmit(self, message: Message, seq: int) -> None:
        data = encode(message, seq)
        self._outgoing_free_us = max(self._now_us, self._outgoing_free_us) + len(data) * BYTE_US
        self._outgoing.append(WireFrame(at_us=self._outgoing_free_us, data=data))
