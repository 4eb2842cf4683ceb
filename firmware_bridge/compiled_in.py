"""The numbers that are compiled into the firmware: sizes, times and ceilings.

With `codes` and `messages` the one source of what host and board agree on; the C header is
generated from the three.
"""

from __future__ import annotations

from dataclasses import dataclass

PROTOCOL_VERSION = 1
CHANNELS = 8
SHOT_SLOTS = 16
"""Shots that the board holds: armed, open, or ended and not yet acknowledged."""
ITEMS_PER_SHOT = 4
"""Items that may share one window."""
VERDICTS_KEPT = 16
"""Ended or refused shots that the board remembers to answer repeats alike. More than the host's
window of outstanding commands, or a repeat on its way could be judged anew."""
EVENTS_KEPT = 8
"""Beam edges that the board keeps until they are acknowledged; a later one is lost and counted."""
HORIZON_TICKS = 1 << 20
"""Farthest opening ahead, and longest window, that the board takes."""
SILENCE_US = 500_000
"""Compiled-in ceiling on the host's silence; settings may lower it."""
ENCODER_DEAD_MS = 1_000
"""Time without a tick, belt commanded, after which the encoder is dead; settings may lower it."""
ESTOP_CLEAR_US = 5_000_000
"""The second step of clearing an emergency stop must follow the first within this time."""
RESTART_WARNING_US = 2_000_000
"""The stack light is lit for this long before a belt restarts by itself."""
MAX_EDGES_PER_MS = 32
"""Encoder edges in one millisecond above which they are a storm: six times the fastest belt."""
MAX_TICKS_PER_S = 5_000
"""The fastest belt that the board is built for."""
REPORT_RESEND_US = 50_000
MAX_PAYLOAD = 40
MACHINE_PART = CHANNELS
"""The part of the settings that is no outlet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """What is compiled in for a kind of outlet. Settings may only be stricter."""

    max_on_ms: int
    duty_percent: int
    min_cycle_ms: int


CEILINGS = {
    "off": Ceiling(max_on_ms=0, duty_percent=0, min_cycle_ms=0),
    "solenoid": Ceiling(max_on_ms=1_000, duty_percent=25, min_cycle_ms=20),
    "valve": Ceiling(max_on_ms=2_000, duty_percent=80, min_cycle_ms=5),
    "servo": Ceiling(max_on_ms=2_000, duty_percent=80, min_cycle_ms=40),
}
SERVO_PULSE_US = (500, 2_500)
"""Shortest and longest pulse that a servo's position may have."""
NEW_OUTLET_KIND = "valve"
"""What an outlet of a board with an empty EEPROM is."""
