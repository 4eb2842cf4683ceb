"""What tests do with a machine again and again."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from firmware_bridge.board import Order, Outcome, Reason, Shot
from firmware_bridge.plant import InputPin, OutputPin, show_tick
from firmware_bridge.settings import BoardSettings
from tests.contract.rig import Rig

Act = Callable[[Rig], None]
FIRED = (Outcome.FIRED, Reason.NONE)
SAVED_US = 400_000
"""Long enough for the EEPROM to take a write."""
STORM_EDGE_US = 10
"""100 kHz."""


def shot(item_id: int, first: int, end: int, *mates: int, channel: int = 0) -> Shot:
    return Shot(item_id=item_id, channel=channel, open_tick=first, close_tick=end, mates=mates)


def ends(rig: Rig) -> dict[int, tuple[Outcome, Reason]]:
    return {item: (report.outcome, report.reason) for item, report in rig.reports.items()}


def settings(rig: Rig) -> BoardSettings:
    rig.board.read_settings(rig.now_s)
    rig.run(200_000)
    return [event for event in rig.events if isinstance(event, BoardSettings)][-1]


def press_start(rig: Rig) -> None:
    rig.plant.drive(InputPin.BUTTON, False)
    rig.run(30_000)
    rig.plant.drive(InputPin.BUTTON, True)
    rig.run(30_000)


def belt(rig: Rig) -> bool:
    return any(level for _, level in rig.swings(OutputPin.BELT)[-1:])


def run_and_fall_silent(rig: Rig) -> None:
    """The belt runs, the host is silent for too long, and is heard again."""
    start_belt(rig)
    fall_silent(rig)


def start_belt(rig: Rig) -> None:
    """On an operator's order; it has moved a little when this returns."""
    rig.board.set_belt(True, rig.now_s, by_operator=True)
    rig.turn(20)
    assert belt(rig)


def set_outlet(rig: Rig, channel: int, **changes: Any) -> None:
    """Change an outlet's settings and wait until they are kept."""
    rig.board.write_settings(replace(settings(rig).outlets[channel], **changes), rig.now_s)
    rig.run(SAVED_US)
    assert rig.answers(Order.WRITE_SETTINGS)[-1] is Reason.NONE


def set_machine(rig: Rig, **changes: Any) -> None:
    """Change the machine's settings and wait until they are kept."""
    rig.board.write_settings(replace(settings(rig).machine, **changes), rig.now_s)
    rig.run(SAVED_US)
    assert rig.answers(Order.WRITE_SETTINGS)[-1] is Reason.NONE


def drive(pin: InputPin, level: bool) -> Act:
    """An input pin gets a level, for long enough to be believed."""

    def act(rig: Rig) -> None:
        rig.plant.drive(pin, level)
        rig.run(30_000)

    return act


def storm(rig: Rig) -> None:
    """Two milliseconds of edges that no belt can give."""
    for _ in range(200):
        rig.tick += 1
        show_tick(rig.plant, rig.tick)
        rig.run_unopened(STORM_EDGE_US)
    rig.run(20_000)


def fall_silent(rig: Rig) -> None:
    """For longer than the board bears; then the host is heard again."""
    rig.alive = False
    rig.run(600_000)
    rig.alive = True
    rig.run(30_000)
