"""The firmware's portable core in pure Python: bytes and pin levels in, bytes and outlets out."""

from __future__ import annotations

from firmware_bridge.beam_book import BeamBook
from firmware_bridge.board import Outcome, Reason
from firmware_bridge.board_guard import BoardGuard
from firmware_bridge.board_telling import Telling
from firmware_bridge.codes import (
    BELT_ORDERS,
    CAPABILITY_BITS,
    FLAG_BITS,
    INPUT_BITS,
    REASON_CODES,
    RESET_CAUSES,
)
from firmware_bridge.compiled_in import (
    CHANNELS,
    MACHINE_PART,
    PROTOCOL_VERSION,
    SHOT_SLOTS,
)
from firmware_bridge.framing import Deframer, Frame
from firmware_bridge.hand_pulse import HandPulse
from firmware_bridge.kept_settings import (
    SETTINGS_BYTES,
    KeptSettings,
    judge_machine,
    judge_outlet,
)
from firmware_bridge.messages import (
    Ack,
    BeltCommand,
    Cancel,
    EstopClear,
    EventAck,
    Flush,
    Heartbeat,
    Hello,
    Identity,
    MachineWrite,
    Message,
    OutletWrite,
    Pulse,
    Query,
    ReportAck,
    SettingsRead,
    ShotCommand,
    State,
)
from firmware_bridge.outlet_limits import OutletLimits
from firmware_bridge.packing import Foreign, MessageError, unpack
from firmware_bridge.shot_queue import ShotQueue
from firmware_bridge.wrapping import fold


class VirtualCore:
    """The board's rules, as the firmware has them.

    Args:
        inputs: levels of the input pins at boot, as `INPUT_BITS`.
        boot_nonce: the number of its boot.
        cause: why it boots, one of `RESET_CAUSES`.
        settings: what the EEPROM holds.
        protocol: the version that it claims to speak.
        tick: where its count starts.
        build_hash: what it claims to be built from.
    """

    def __init__(
        self,
        *,
        inputs: int,
        boot_nonce: int = 1,
        cause: str = "power_on",
        settings: KeptSettings | None = None,
        protocol: int = PROTOCOL_VERSION,
        tick: int = 0,
        build_hash: int = 0,
    ) -> None:
        self._now_us = 0
        self._inputs = inputs
        self._boot_nonce = boot_nonce
        self._protocol = protocol
        self._tick = tick
        self._settings = KeptSettings() if settings is None else settings
        self._queue = ShotQueue()
        self._limits = OutletLimits(self._settings)
        blocked = (
            bool(inputs & INPUT_BITS["entry_beam"]),
            bool(inputs & INPUT_BITS["passed_beam"]),
        )
        self._beams = BeamBook(blocked)
        self._pulse = HandPulse()
        self._guard = BoardGuard(
            self._settings,
            self._stop_shots,
            self._pulse.end,
            inputs=inputs,
            watchdog=cause == "watchdog",
        )
        self._deframer = Deframer()
        self._malformed = 0
        self._encoder_errors = 0
        self._ticks_back = 0
        self._session = 0
        self._to_save = 0
        self._telling = Telling(
            Identity(
                protocol=protocol,
                version_major=0,
                version_minor=1,
                version_patch=0,
                boot_nonce=boot_nonce,
                session=0,
                clock_hz=16_000_000,
                build_hash=build_hash,
                channels=CHANNELS,
                slots=SHOT_SLOTS,
                reset_cause=RESET_CAUSES.index(cause),
                capabilities=sum(CAPABILITY_BITS.values()),
            )
        )

    @property
    def outlets(self) -> int:
        """Outlets that are open, one bit a channel."""
        return self._queue.open_mask | self._pulse.mask

    @property
    def belt(self) -> bool:
        """Whether the belt runs."""
        return self._guard.belt

    @property
    def stack_light(self) -> bool:
        """Whether it is lit."""
        return self._guard.stack_light

    @property
    def status_led(self) -> bool:
        """Whether it is lit."""
        return not self._guard.silent

    @property
    def virtual_mticks_s(self) -> int:
        """Speed at which the board makes ticks now; 0 while the encoder counts."""
        return self._guard.virtual_mticks_s if self._guard.belt else 0

    @property
    def servos(self) -> int:
        """Outlets that are servos, one bit a channel."""
        return sum(1 << k for k in range(CHANNELS) if self._settings.kind(k) == "servo")

    def pulse_us(self, channel: int) -> int:
        """Length of a servo's next pulse; 0 for none."""
        outlet = self._settings.outlets[channel]
        if self._guard.estop:
            return 0
        return outlet.open_us if self.outlets >> channel & 1 else outlet.closed_us

    def look(self, now_us: int, inputs: int) -> None:
        """Take note of the time and of the input pins."""
        self._now_us = now_us
        self._inputs = inputs

    def on_step(self, step: int) -> None:
        """The belt has moved by one tick, 1 or -1."""
        self._tick = fold(self._tick + step)
        if step < 0:
            self._ticks_back += 1
            self._pulse.mask = 0
        opened = self._queue.on_tick(self._tick, step > 0, self._limits.resting, self._limits.why)
        self._limits.opened(opened)

    def on_skipped(self) -> None:
        """The encoder has skipped a state."""
        self._encoder_errors += 1

    def on_storm(self) -> None:
        """The encoder gives edges that no belt can give."""
        self._guard.on_storm()

    def on_estop(self) -> None:
        """The E-stop chain is open."""
        self._guard.on_estop()

    def on_beam(self, beam: int, blocked: bool) -> None:
        """A beam has this level now."""
        if self._settings.machine.beams >> beam & 1:
            self._beams.note(beam, blocked, self._tick, self._now_us)

    def on_timer(self) -> None:
        """A millisecond has passed."""
        self._telling.pass_ms()
        self._guard.see(self._inputs)
        if self._inputs & INPUT_BITS["estop"]:
            self._guard.on_estop()
        self._guard.watch_silence()
        self._cut(*self._limits.pass_ms(self.outlets))
        self._pulse.pass_ms()
        machine = self._settings.machine
        jammed = machine.jam_ticks > 0 and self._beams.are_jammed(
            machine.beams, self._tick, machine.jam_ticks
        )
        self._guard.watch(self._tick, jammed=jammed)

    def receive(self, data: bytes) -> None:
        """Bytes from the host."""
        for frame in self._deframer.feed(data):
            self._handle_frame(frame)

    def tell(self) -> list[bytes]:
        """Frames for the host since the last call."""
        if self._to_save:
            self._to_save -= 1
            if self._to_save == 0:
                self._settings.sound = True
                self._guard.settings_saved()
        if self._session:
            self._telling.faults(self._guard.faults)
            self._telling.reports(self._queue.ended)
            self._telling.beams(self._beams.kept)
        return self._telling.take()

    # --- outlets --------------------------------------------------------------------------------

    def _stop_shots(self, reason: Reason) -> None:
        self._queue.stop(reason, self._tick)
        self._pulse.end()

    def _cut(self, on_time: int, duty: int) -> None:
        if not on_time | duty:
            return
        self._queue.close(on_time, Outcome.FIRED, Reason.ON_TIME, self._tick)
        self._queue.close(duty, Outcome.FIRED, Reason.DUTY, self._tick)
        self._pulse.cut(on_time | duty)

    # --- from the host --------------------------------------------------------------------------

    def _handle_frame(self, frame: Frame) -> None:
        try:
            message = unpack(frame.kind, frame.payload)
        except MessageError:
            self._malformed += 1
            return
        if isinstance(message, Hello | Foreign) and frame.kind == Hello.TYPE:
            self._greet(message, frame.seq)
        elif frame.kind >= Identity.TYPE:
            self._malformed += 1
        elif not self._session:
            self._telling.identity(session=self._session, seq=frame.seq)
        elif _is_sound(message):
            self._obey(message, frame.seq)
        else:
            self._malformed += 1

    def _greet(self, hello: Message | Foreign, seq: int) -> None:
        known = isinstance(hello, Hello) and self._protocol == PROTOCOL_VERSION
        if known and isinstance(hello, Hello) and hello.session not in (0, self._session):
            self._guard.begin_session()
            self._queue.clear()
            self._beams.forget()
            self._pulse.forget()
            self._session = hello.session
            self._guard.hear()
        self._telling.identity(session=self._session, seq=seq)

    def _obey(self, message: Message | Foreign, seq: int) -> None:
        if isinstance(message, Heartbeat):
            self._guard.hear()
            self._telling.answer(self._state(), seq)
        elif isinstance(message, Query):
            self._telling.answer(self._state(), seq)
        elif isinstance(message, ReportAck):
            self._queue.acknowledge(message.item_id)
        elif isinstance(message, EventAck):
            self._beams.acknowledge(message.number)
        elif isinstance(message, SettingsRead):
            part = message.part
            machine = part == MACHINE_PART
            told = self._settings.machine if machine else self._settings.outlets[part]
            self._telling.answer(told, seq)
        elif not isinstance(message, Foreign):
            status = REASON_CODES[self._carry_out(message)]
            self._telling.answer(Ack(command=message.TYPE, status=status), seq)

    def _carry_out(self, command: Message) -> Reason:
        if self._is_stale(command):
            return Reason.STALE
        if isinstance(command, ShotCommand):
            return self._take_shot(command)
        if isinstance(command, BeltCommand):
            order = BELT_ORDERS[command.run]
            return self._guard.order_belt(command.order_id, order, command.virtual_mticks_s)
        if isinstance(command, Cancel):
            return self._queue.cancel(command.item_id, self._tick)
        if isinstance(command, EstopClear):
            self._guard.see(self._inputs)
            return self._guard.clear_estop(command.step)
        if isinstance(command, Pulse):
            return self._fire_by_hand(command)
        if isinstance(command, OutletWrite | MachineWrite):
            return self._write(command)
        assert isinstance(command, Flush)
        self._stop_shots(Reason.FLUSH)
        return Reason.NONE

    def _is_stale(self, command: Message) -> bool:
        if not isinstance(command, ShotCommand | BeltCommand | EstopClear | Pulse):
            return False
        return (command.boot_nonce, command.session) != (self._boot_nonce, self._session)

    def _take_shot(self, shot: ShotCommand) -> Reason:
        known = self._queue.answer(shot)
        if known is not None:
            return known
        refusal = self._guard.hindrance
        if refusal is Reason.NONE:
            refusal = self._queue.judge(shot, self._tick)
        if refusal is Reason.NONE and self._settings.kind(shot.channel) == "off":
            refusal = Reason.SETTINGS
        if refusal is Reason.NONE and self._pulse.running:
            refusal = Reason.BUSY
        if refusal is Reason.NONE:
            self._queue.arm(shot)
        else:
            self._queue.remember(shot.item_id, refusal)
        return refusal

    def _fire_by_hand(self, pulse: Pulse) -> Reason:
        if self._pulse.is_repeat(pulse.pulse_id):
            return Reason.NONE
        refusal = self._judge_pulse(pulse)
        if refusal is Reason.NONE:
            self._pulse.begin(pulse.pulse_id, pulse.channel, pulse.duration_ms)
            self._limits.opened(self._pulse.mask)
        return refusal

    def _judge_pulse(self, pulse: Pulse) -> Reason:
        if self._guard.hindrance is not Reason.NONE:
            return self._guard.hindrance
        if pulse.channel >= CHANNELS:
            return Reason.CHANNEL
        if self._settings.kind(pulse.channel) == "off":
            return Reason.SETTINGS
        if not 0 < pulse.duration_ms <= self._settings.outlets[pulse.channel].max_on_ms:
            return Reason.WINDOW
        if not self._is_idle():
            return Reason.BUSY
        resting = self._limits.resting >> pulse.channel & 1
        return self._limits.why(pulse.channel) if resting else Reason.NONE

    def _write(self, wanted: OutletWrite | MachineWrite) -> Reason:
        refusal = judge_outlet(wanted) if isinstance(wanted, OutletWrite) else judge_machine(wanted)
        if refusal is not Reason.NONE:
            return refusal
        if not self._is_idle():
            return Reason.BUSY
        if isinstance(wanted, OutletWrite):
            self._settings.write_outlet(wanted)
        else:
            self._settings.write_machine(wanted)
        self._to_save = SETTINGS_BYTES
        return Reason.NONE

    def _is_idle(self) -> bool:
        idle = not self._guard.belt and not self._pulse.running
        return idle and self._queue.free_slots == SHOT_SLOTS

    def _state(self) -> State:
        return State(
            tick=self._tick,
            board_us=fold(self._now_us),
            faults=self._guard.faults,
            flags=self._guard.flags | FLAG_BITS["saving"] * (self._to_save > 0),
            inputs=self._inputs,
            outlets=self.outlets,
            free_slots=self._queue.free_slots,
            encoder_errors=self._encoder_errors & 0xFFFF,
            frame_errors=(self._deframer.errors + self._malformed) & 0xFFFF,
            ticks_back=self._ticks_back & 0xFFFF,
        )


def _is_sound(message: Message | Foreign) -> bool:
    if isinstance(message, ShotCommand):
        return message.item_id != 0
    if isinstance(message, BeltCommand):
        return message.order_id != 0 and message.run < len(BELT_ORDERS)
    if isinstance(message, Pulse):
        return message.pulse_id != 0
    return not isinstance(message, SettingsRead) or message.part <= MACHINE_PART
