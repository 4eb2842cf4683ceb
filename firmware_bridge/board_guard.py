"""Who may start the belt, and what stops it; the virtual board's twin of `core/guard.c`."""

from __future__ import annotations

import enum
from collections.abc import Callable

from firmware_bridge.board import Reason
from firmware_bridge.codes import FAULT_BITS, FLAG_BITS, INPUT_BITS, INPUT_FUNCTIONS
from firmware_bridge.compiled_in import ESTOP_CLEAR_US, RESTART_WARNING_US
from firmware_bridge.kept_settings import KeptSettings
from firmware_bridge.wrapping import ahead

TRIPPED_MS = 20
BUTTON_MS = 5
_UNTIL_START = ("encoder_dead", "encoder_storm", "jam", "watchdog")


class Standing(enum.IntEnum):
    """How the belt came to stand, if an order to run is not enough."""

    BY_ORDER = 0
    UNORDERED = 1
    FOR_FAULT = 2


class BoardGuard:
    """The belt, the emergency stop and the faults.

    Args:
        settings: what is in force.
        stop_shots: closes every outlet and cancels every shot for a reason.
        end_pulse: closes an outlet that is open by hand.
        inputs: levels of the input pins at boot, as `INPUT_BITS`.
        watchdog: the boot follows a watchdog reset.
    """

    def __init__(
        self,
        settings: KeptSettings,
        stop_shots: Callable[[Reason], None],
        end_pulse: Callable[[], None],
        *,
        inputs: int,
        watchdog: bool,
    ) -> None:
        self._settings = settings
        self._stop_shots = stop_shots
        self._end_pulse = end_pulse
        self._inputs = inputs
        self._wanted = False
        self._order_id = 0
        self._answer = Reason.NONE
        self._aux_ms = 0
        self._button_ms = BUTTON_MS
        self._silence_left_ms = 0
        self._estop_armed_left_ms = 0
        self._restart_left_ms = 0
        self._dead_left_ms = 0
        self._tick_seen = 0
        self._faults = set() if settings.sound else {"settings"}
        if watchdog:
            self._faults.add("watchdog")
        self.estop = bool(inputs & INPUT_BITS["estop"])
        self.standing = Standing.FOR_FAULT if self.estop else Standing.UNORDERED
        self.silent = True
        self.belt = False
        self.virtual_mticks_s = 0

    @property
    def stack_light(self) -> bool:
        """Lit while the belt runs and before it restarts by itself."""
        return self.belt or self._restart_left_ms > 0

    @property
    def hindrance(self) -> Reason:
        """Why no shot is taken and the belt does not run; NONE if nothing is in the way."""
        if self.estop:
            return Reason.ESTOP
        if self.silent:
            return Reason.SILENCE
        if self._faults & {"encoder_dead", "encoder_storm"}:
            return Reason.ENCODER
        if "jam" in self._faults:
            return Reason.JAM
        return Reason.COVER if "cover" in self._faults else Reason.NONE

    @property
    def faults(self) -> int:
        """The fault bits."""
        bits = sum(FAULT_BITS[name] for name in self._faults)
        return bits | FAULT_BITS["estop"] * self.estop | FAULT_BITS["silence"] * self.silent

    @property
    def flags(self) -> int:
        """The flag bits that are the guard's."""
        return (
            FLAG_BITS["belt_running"] * self.belt
            | FLAG_BITS["start_needed"] * (self.standing is not Standing.BY_ORDER)
            | FLAG_BITS["estop_armed"] * (self._estop_armed_left_ms > 0)
            | FLAG_BITS["virtual_ticks"] * (self.virtual_mticks_s > 0)
            | FLAG_BITS["restarting"] * (self._restart_left_ms > 0)
        )

    def hear(self) -> None:
        """The host is there."""
        self._silence_left_ms = self._settings.machine.silence_ms
        self.silent = False

    def begin_session(self) -> None:
        """The belt stops, and what was asked of it is forgotten."""
        self._stop(Standing.UNORDERED, Reason.FLUSH)
        self._wanted = False
        self._order_id = 0

    def settings_saved(self) -> None:
        """The EEPROM is sound again."""
        self._faults.discard("settings")

    def order_belt(self, order_id: int, order: str, virtual_mticks_s: int) -> Reason:
        """Carry out one of `BELT_ORDERS`, unless it is a repeat; NONE or why not."""
        newer = ahead(order_id, self._order_id)
        if newer < 0:
            return Reason.STALE
        if newer:
            self._order_id = order_id
            self._answer = self._obey(order, virtual_mticks_s)
        return self._answer

    def _obey(self, order: str, virtual_mticks_s: int) -> Reason:
        self._wanted = order != "stop"
        self._end_pulse()
        if order == "stop":
            self._set_belt(False)
            return Reason.NONE
        self.virtual_mticks_s = virtual_mticks_s
        reason = self._start() if order == "run_by_operator" else self.hindrance
        if reason is not Reason.NONE or self.belt:
            return reason
        if self.standing is Standing.BY_ORDER:
            self._set_belt(True)
            return Reason.NONE
        if self.standing is not Standing.UNORDERED or not self._settings.machine.auto_restart:
            return Reason.START_NEEDED
        self._restart_left_ms = self._restart_left_ms or RESTART_WARNING_US // 1_000
        return Reason.NONE

    def clear_estop(self, step: int) -> Reason:
        """One of the two steps; NONE or why not."""
        if not self.estop:
            return Reason.NONE
        if self._inputs & INPUT_BITS["estop"]:
            return Reason.ESTOP
        if step == 1:
            self._estop_armed_left_ms = ESTOP_CLEAR_US // 1_000
            return Reason.NONE
        if step == 2 and self._estop_armed_left_ms:
            self.estop = False
            return Reason.NONE
        return Reason.ESTOP

    def on_estop(self) -> None:
        """The chain is open."""
        self._estop_armed_left_ms = 0
        if not self.estop:
            self.estop = True
            self._stop(Standing.FOR_FAULT, Reason.ESTOP)

    def on_storm(self) -> None:
        """The encoder gives edges that no belt can give."""
        if "encoder_storm" not in self._faults:
            self._stop_for("encoder_storm", Reason.ENCODER)

    def see(self, inputs: int) -> None:
        """The input pins have these levels."""
        self._inputs = inputs

    def watch_silence(self) -> None:
        """A millisecond has passed."""
        if not self.silent:
            self._silence_left_ms -= 1
            if self._silence_left_ms == 0:
                self.silent = True
                self._stop(Standing.UNORDERED, Reason.SILENCE)

    def watch(self, tick: int, *, jammed: bool) -> None:
        """A millisecond has passed: everything but the silence.

        Args:
            tick: where the belt is.
            jammed: a beam has been blocked for too long.
        """
        self._watch_encoder(tick)
        if self.belt and jammed:
            self._raise_jam()
        self._watch_aux(bool(self._inputs & INPUT_BITS["aux"]))
        self._watch_button(not self._inputs & INPUT_BITS["button"])
        self._watch_restart()

    def _watch_encoder(self, tick: int) -> None:
        moved = self._tick_seen != tick & 0xFF
        self._tick_seen = tick & 0xFF
        if moved or not self.belt or self.virtual_mticks_s:
            self._dead_left_ms = self._settings.machine.encoder_dead_ms
            return
        self._dead_left_ms -= 1
        if self._dead_left_ms == 0:
            self._faults.add("jam")
            self._stop_for("encoder_dead", Reason.ENCODER)

    def _watch_aux(self, high: bool) -> None:
        function = INPUT_FUNCTIONS[self._settings.machine.input_function]
        tripping = high and function != "none"
        self._aux_ms = min(self._aux_ms + 1, TRIPPED_MS) if tripping else 0
        if self._aux_ms < TRIPPED_MS:
            self._faults -= {"bin_full", "cover"}
        elif function == "jam":
            self._raise_jam()
        elif function not in self._faults:
            self._faults.add(function)
            if function == "cover":
                standing = Standing.FOR_FAULT if self.belt else Standing.BY_ORDER
                self._stop(standing, Reason.COVER)

    def _watch_button(self, pressed: bool) -> None:
        if not pressed:
            self._button_ms = 0
        elif self._button_ms < BUTTON_MS:
            self._button_ms += 1
            if self._button_ms == BUTTON_MS:
                self._press()

    def _press(self) -> None:
        if self.estop:
            self.estop = bool(self._inputs & INPUT_BITS["estop"])
        elif self._start() is Reason.NONE and self._wanted:
            self._set_belt(True)

    def _watch_restart(self) -> None:
        if self._restart_left_ms:
            self._restart_left_ms -= 1
            if self._restart_left_ms == 0:
                self.standing = Standing.BY_ORDER
                self._set_belt(True)
        if self._estop_armed_left_ms:
            self._estop_armed_left_ms -= 1

    def _start(self) -> Reason:
        faults = set(self._faults)
        self._faults -= set(_UNTIL_START)
        reason = self.hindrance
        if reason is Reason.NONE:
            self.standing = Standing.BY_ORDER
        else:
            self._faults = faults
        return reason

    def _raise_jam(self) -> None:
        if "jam" not in self._faults:
            self._stop_for("jam", Reason.JAM)

    def _stop_for(self, fault: str, reason: Reason) -> None:
        self._faults.add(fault)
        self._stop(Standing.FOR_FAULT, reason)

    def _stop(self, standing: Standing, reason: Reason) -> None:
        moving = self.belt or self._restart_left_ms > 0
        if moving or standing is Standing.FOR_FAULT:
            self.standing = max(self.standing, standing)
        self._stop_shots(reason)
        self._set_belt(False)

    def _set_belt(self, running: bool) -> None:
        if running:
            self._end_pulse()
        self.belt = running
        self._restart_left_ms = 0
        self._dead_left_ms = self._settings.machine.encoder_dead_ms
