"""A simulated board around a core: pins, encoder, byte times and resets."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

from firmware_bridge.board_core import Core
from firmware_bridge.codes import INPUT_BITS
from firmware_bridge.compiled_in import MAX_EDGES_PER_MS, PROTOCOL_VERSION
from firmware_bridge.kept_settings import KeptSettings
from firmware_bridge.plant import IDLE_LEVELS, OUTLET_PINS, InputPin, OutputPin, PinEdge
from firmware_bridge.servo_frames import ServoFrames
from firmware_bridge.virtual_core import VirtualCore
from firmware_bridge.wired_plant import WireFrame

BYTE_US = 40
"""One byte of ten bits at 250 000 baud."""
MS = 1_000

_QUADRATURE = {
    (old, new): step
    for step, cycle in ((1, (0, 1, 3, 2)), (-1, (0, 2, 3, 1)))
    for old, new in zip(cycle, (*cycle[1:], cycle[0]), strict=True)
}
"""Step by (old, new) with bit 0 = A, bit 1 = B: A rising before B is forward."""
_BEAMS = (InputPin.ENTRY_BEAM, InputPin.PASSED_BEAM)


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
        self._protocol = protocol
        self._start_tick = start_tick
        self._clock_offset_us = start_us
        self._settings = KeptSettings()
        self._now_us = 0
        self._inputs = dict(IDLE_LEVELS)
        self._outputs = dict.fromkeys(OutputPin, False)
        self._edges: list[PinEdge] = []
        self._incoming: deque[tuple[int, bytes]] = deque()
        self._incoming_free_us = 0
        self._outgoing: deque[WireFrame] = deque()
        self._outgoing_free_us = 0
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
            self._do(self._turn)
        elif pin is InputPin.ESTOP and level:
            self._do(self._core.on_estop)
        elif pin in _BEAMS and pin not in self._resting_beams:
            self._resting_beams.add(pin)
            self._do(lambda: self._core.on_beam(_BEAMS.index(pin), level))

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

    def make_core(self, boot_nonce: int, cause: str) -> Core:
        """The core that boots; a test may put another one in its place."""
        return VirtualCore(
            inputs=self._input_bits(),
            boot_nonce=boot_nonce,
            cause=cause,
            settings=self._settings,
            protocol=self._protocol,
            tick=self._start_tick,
        )

    def _boot(self, boot_nonce: int, cause: str) -> None:
        self._boot_nonce = boot_nonce
        if not self._settings.sound:
            self._settings = KeptSettings.damaged()
        self._core = self.make_core(boot_nonce, cause)
        self._booted_us = self._now_us
        self._next_ms_us = self._now_us + MS
        self._next_tick_us: float | None = None
        self._quadrature = self._encoder_level()
        self._edges_left = MAX_EDGES_PER_MS
        self._resting_beams: set[InputPin] = set()
        self._servo_mask = 0
        self._servos = ServoFrames(self._now_us)
        self._do(lambda: None)

    # --- time -----------------------------------------------------------------------------------

    def _next_event_us(self) -> int:
        candidates = [self._next_ms_us]
        if self._incoming:
            candidates.append(self._incoming[0][0])
        if self._next_tick_us is not None:
            candidates.append(math.ceil(self._next_tick_us))
        if self._core.servos:
            candidates.append(self._servos.next_us)
        return min(candidates)

    def _handle_due(self) -> None:
        now_us = self._now_us
        while self._incoming and self._incoming[0][0] <= now_us:
            piece = self._incoming.popleft()[1]
            self._do(lambda: self._core.receive(piece))  # noqa: B023
        if self._next_tick_us is not None and self._next_tick_us <= now_us:
            self._next_tick_us += 1e9 / self._core.virtual_mticks_s
            self._do(lambda: self._core.on_step(1))
        if self._next_ms_us <= now_us:
            self._next_ms_us += MS
            self._pass_ms()
        if self._core.servos and self._servos.next_us <= now_us:
            self._servos.run(self._core)
            self._write_pins()

    def _pass_ms(self) -> None:
        if self._edges_left == 0:
            self._quadrature = self._encoder_level()
        self._edges_left = MAX_EDGES_PER_MS
        self._do(self._core.on_timer)
        for pin in self._resting_beams:
            self._do(lambda: self._core.on_beam(_BEAMS.index(pin), self._inputs[pin]))  # noqa: B023
        self._resting_beams.clear()

    # --- machine --------------------------------------------------------------------------------

    def _encoder_level(self) -> int:
        return self._inputs[InputPin.ENCODER_A] | self._inputs[InputPin.ENCODER_B] << 1

    def _input_bits(self) -> int:
        return sum(bit for name, bit in INPUT_BITS.items() if self._inputs[InputPin(name)])

    def _turn(self) -> None:
        if self._core.virtual_mticks_s or self._edges_left == 0:
            return
        self._edges_left -= 1
        if self._edges_left == 0:
            self._core.on_storm()
            return
        old, self._quadrature = self._quadrature, self._encoder_level()
        step = _QUADRATURE.get((old, self._quadrature), 0)
        if step:
            self._core.on_step(step)
        else:
            self._core.on_skipped()

    def _do(self, event: Callable[[], None]) -> None:
        """Let something happen to the core, and bring wire and pins in line with it."""
        self._core.look(self._now_us + self._clock_offset_us, self._input_bits())
        event()
        for data in self._core.tell():
            start_us = max(self._now_us, self._outgoing_free_us)
            self._outgoing_free_us = start_us + len(data) * BYTE_US
            self._outgoing.append(WireFrame(at_us=self._outgoing_free_us, data=data))
        self._follow_virtual_ticks()
        if self._core.servos != self._servo_mask:
            self._servo_mask = self._core.servos
            self._servos = ServoFrames(self._now_us)
        self._write_pins()

    def _follow_virtual_ticks(self) -> None:
        speed = self._core.virtual_mticks_s
        if not speed:
            if self._next_tick_us is not None:
                self._quadrature = self._encoder_level()
            self._next_tick_us = None
        elif self._next_tick_us is None:
            self._next_tick_us = self._now_us + 1e9 / speed

    def _write_pins(self) -> None:
        core = self._core
        levels = core.outlets & ~core.servos | self._servos.high & core.servos
        for channel, pin in enumerate(OUTLET_PINS):
            self._set_output(pin, bool(levels >> channel & 1))
        self._set_output(OutputPin.BELT, core.belt)
        self._set_output(OutputPin.STACK_LIGHT, core.stack_light)
        self._set_output(OutputPin.STATUS_LED, core.status_led)

    def _set_output(self, pin: OutputPin, level: bool) -> None:
        if self._outputs[pin] != level:
            self._outputs[pin] = level
            self._edges.append(PinEdge(at_us=self._now_us, pin=pin, level=level))
