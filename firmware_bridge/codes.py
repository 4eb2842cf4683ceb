"""The numbers that stand for names on the wire."""

from __future__ import annotations

from firmware_bridge.board import Outcome, Reason

OUTCOME_CODES = {Outcome.FIRED: 0, Outcome.REFUSED: 1, Outcome.CANCELLED: 2}
REASON_CODES = {
    Reason.NONE: 0,
    Reason.LATE: 1,
    Reason.FULL: 2,
    Reason.HORIZON: 3,
    Reason.CHANNEL: 4,
    Reason.WINDOW: 5,
    Reason.ESTOP: 6,
    Reason.SILENCE: 7,
    Reason.FLUSH: 8,
    Reason.REVERSE: 9,
    Reason.ENCODER: 10,
    Reason.ON_TIME: 11,
    Reason.DUTY: 12,
    Reason.MIN_CYCLE: 13,
    Reason.STALE: 14,
    Reason.CANCEL: 15,
    Reason.DUPLICATE: 16,
    Reason.SETTINGS: 17,
    Reason.JAM: 18,
    Reason.COVER: 19,
    Reason.START_NEEDED: 20,
    Reason.BUSY: 21,
    Reason.NO_SHOT: 22,
}
OUTCOMES = {code: outcome for outcome, code in OUTCOME_CODES.items()}
REASONS = {code: reason for reason, code in REASON_CODES.items()}

FAULT_BITS = {
    "estop": 0x0001,
    "silence": 0x0002,
    "encoder_dead": 0x0004,
    "encoder_storm": 0x0008,
    "jam": 0x0010,
    "cover": 0x0020,
    "bin_full": 0x0040,
    "settings": 0x0080,
    "watchdog": 0x0100,
}
FLAG_BITS = {
    "belt_running": 0x01,
    "start_needed": 0x02,
    "estop_armed": 0x04,
    "saving": 0x08,
    "virtual_ticks": 0x10,
    "restarting": 0x20,
}
INPUT_BITS = {"estop": 0x01, "entry_beam": 0x02, "passed_beam": 0x04, "button": 0x08, "aux": 0x10}
CAPABILITY_BITS = {
    "virtual_ticks": 0x0001,
    "servo": 0x0002,
    "beam_events": 0x0004,
    "settings": 0x0008,
    "pulse": 0x0010,
}
RESET_CAUSES = ("unknown", "power_on", "external", "brown_out", "watchdog")
BELT_ORDERS = ("stop", "run", "run_by_operator")
BEAMS = ("entry", "passed")
OUTLET_KINDS = ("off", "solenoid", "valve", "servo")
INPUT_FUNCTIONS = ("none", "jam", "bin_full", "cover")
