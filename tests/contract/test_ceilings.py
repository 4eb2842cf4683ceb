"""How long and how often an outlet may be open, on every board."""

from dataclasses import replace
from typing import Any

import pytest

from firmware_bridge.board import Order, Outcome, Reason
from firmware_bridge.compiled_in import CEILINGS
from firmware_bridge.plant import OUTLET_PINS
from firmware_bridge.settings import OutletKind
from tests.contract.acts import FIRED, SAVED_US, ends, set_machine, set_outlet, settings, shot
from tests.contract.rig import Rig


def solenoid(*, duty_percent: int, max_on_ms: int) -> dict[str, Any]:
    """Settings that a solenoid may have."""
    return {
        "kind": OutletKind.SOLENOID,
        "duty_percent": duty_percent,
        "max_on_ms": max_on_ms,
        "min_cycle_ms": 20,
    }


def open_us(rig: Rig, channel: int) -> int:
    """How long the outlet has been open up to now."""
    edges = [edge for edge in rig.edges if edge.pin is OUTLET_PINS[channel]]
    ends_us = [edge.at_us for edge in edges] + [rig.plant.now_us] * (len(edges) % 2)
    return sum(ends_us[1::2]) - sum(ends_us[::2])


def fire_as_often_as_it_goes(rig: Rig, channel: int, pulse_ms: int, for_us: int) -> None:
    until_us = rig.plant.now_us + for_us
    while rig.plant.now_us < until_us:
        rig.board.pulse(channel, pulse_ms, rig.now_s)
        rig.run((pulse_ms + 10) * 1_000)


@pytest.mark.parametrize(
    ("kind", "duty_percent"),
    [(OutletKind.SOLENOID, 10), (OutletKind.SOLENOID, 25), (OutletKind.VALVE, 40)],
)
def test_no_outlet_is_open_for_more_than_its_share_of_time(
    rig: Rig, kind: OutletKind, duty_percent: int
) -> None:
    set_outlet(rig, 4, kind=kind, duty_percent=duty_percent, max_on_ms=200, min_cycle_ms=20)
    began_us = rig.plant.now_us
    fire_as_often_as_it_goes(rig, 4, 50, 4_000_000)
    share_us = (rig.plant.now_us - began_us) * duty_percent // 100
    # A rested outlet may be open for its longest on-time at once; each opening counts as 4 ms more.
    assert 0.6 * share_us <= open_us(rig, 4) <= share_us + 200_000
    assert Reason.DUTY in rig.answers(Order.PULSE)


def test_the_share_of_one_outlet_is_not_used_up_by_another(rig: Rig) -> None:
    set_outlet(rig, 4, **solenoid(duty_percent=10, max_on_ms=200))
    fire_as_often_as_it_goes(rig, 4, 50, 1_000_000)
    rig.board.pulse(5, 50, rig.now_s)
    rig.run(100_000)
    assert rig.answers(Order.PULSE)[-1] is Reason.NONE
    assert open_us(rig, 5) == pytest.approx(50_000, abs=2_000)


def tire(rig: Rig, channel: int) -> None:
    """Use up the outlet's share of time."""
    set_outlet(rig, channel, **solenoid(duty_percent=10, max_on_ms=200))
    fire_as_often_as_it_goes(rig, channel, 100, 500_000)
    assert rig.answers(Order.PULSE)[-1] is Reason.DUTY


def test_a_shot_from_an_outlet_that_has_used_up_its_share_is_refused_at_its_window(
    rig: Rig,
) -> None:
    tire(rig, 0)
    moved = len(rig.swings(OUTLET_PINS[0]))
    rig.board.shoot(shot(1, 30, 40), rig.now_s)
    rig.turn(60)
    assert ends(rig) == {1: (Outcome.REFUSED, Reason.DUTY)}
    assert len(rig.swings(OUTLET_PINS[0])) == moved


def test_a_shot_that_uses_up_its_outlets_share_is_cut(rig: Rig) -> None:
    tire(rig, 0)
    rig.run(1_200_000)
    began_us = open_us(rig, 0)
    rig.board.shoot(shot(1, 30, 500), rig.now_s)
    rig.turn(300)
    assert ends(rig) == {1: (Outcome.FIRED, Reason.DUTY)}
    assert 20_000 <= open_us(rig, 0) - began_us <= 199_000
    rig.turn(100)
    assert len(rig.swings(OUTLET_PINS[0])) % 2 == 0


def test_an_outlet_that_has_rested_opens_again(rig: Rig) -> None:
    tire(rig, 0)
    rig.run(2_000_000)
    rig.board.shoot(shot(1, 30, 60), rig.now_s)
    rig.turn(80)
    assert ends(rig) == {1: FIRED}


def test_a_lower_longest_on_time_is_obeyed(rig: Rig) -> None:
    set_outlet(rig, 0, max_on_ms=120)
    rig.board.shoot(shot(1, 30, 500), rig.now_s)
    rig.turn(40)
    rig.run(400_000)
    assert 118_000 <= open_us(rig, 0) <= 120_100
    assert ends(rig) == {1: (Outcome.FIRED, Reason.ON_TIME)}


@pytest.mark.parametrize("kind", ["solenoid", "valve", "servo"])
@pytest.mark.parametrize("setting", ["max_on_ms", "duty_percent", "min_cycle_ms"])
def test_each_ceiling_of_each_kind_can_be_reached_and_not_passed(
    rig: Rig, kind: str, setting: str
) -> None:
    ceiling = CEILINGS[kind]
    most = {
        "kind": OutletKind(kind),
        "max_on_ms": ceiling.max_on_ms,
        "duty_percent": ceiling.duty_percent,
        "min_cycle_ms": ceiling.min_cycle_ms,
        "closed_us": 1_000,
        "open_us": 2_000,
    }
    set_outlet(rig, 3, **most)
    kept = settings(rig)
    most[setting] = getattr(ceiling, setting) + (-1 if setting == "min_cycle_ms" else 1)
    with pytest.raises(AssertionError):
        set_outlet(rig, 3, **most)
    assert rig.answers(Order.WRITE_SETTINGS)[-1] is Reason.SETTINGS
    assert settings(rig) == kept


@pytest.mark.parametrize("setting", ["silence_ms", "encoder_dead_ms"])
def test_the_times_of_the_machine_cannot_be_raised(rig: Rig, setting: str) -> None:
    kept = settings(rig)
    with pytest.raises(AssertionError):
        set_machine(rig, **{setting: getattr(kept.machine, setting) + 1})
    assert rig.answers(Order.WRITE_SETTINGS)[-1] is Reason.SETTINGS
    assert settings(rig) == kept


# --- settings in the EEPROM -------------------------------------------------------------------


def test_settings_outlast_a_reset(rig: Rig) -> None:
    set_outlet(rig, 2, **solenoid(duty_percent=7, max_on_ms=90), delay_us=8_000)
    set_machine(rig, silence_ms=300, jam_ticks=77)
    kept = settings(rig)
    rig.reset("power_on")
    rig.run(300_000)
    assert settings(rig) == kept


def lose_power_while_settings_are_written(rig: Rig) -> None:
    set_outlet(rig, 1, **solenoid(duty_percent=20, max_on_ms=100))
    board = rig.board
    board.write_settings(replace(settings(rig).outlets[0], max_on_ms=77), rig.now_s)
    rig.run(20_000)
    assert board.status is not None and "saving" in board.status.flags
    rig.reset("brown_out")
    rig.run(300_000)


def test_settings_whose_writing_was_cut_off_switch_every_outlet_off(rig: Rig) -> None:
    lose_power_while_settings_are_written(rig)
    assert ("settings", True) in rig.faults
    assert {outlet.kind for outlet in settings(rig).outlets} == {OutletKind.OFF}
    here = round(rig.board.tick_at(rig.now_s) or 0)
    for channel in range(8):
        rig.board.shoot(shot(channel + 1, here + 20, here + 30, channel=channel), rig.now_s)
        rig.board.pulse(channel, 20, rig.now_s)
        rig.run(50_000)
    rig.turn(50)
    assert set(ends(rig).values()) == {(Outcome.REFUSED, Reason.SETTINGS)}
    assert rig.answers(Order.PULSE) == [Reason.SETTINGS] * 8
    assert not [edge for edge in rig.edges if edge.pin in OUTLET_PINS]


def test_settings_that_are_written_anew_end_the_fault_and_outlast_the_next_reset(
    rig: Rig,
) -> None:
    lose_power_while_settings_are_written(rig)
    set_outlet(rig, 1, kind=OutletKind.VALVE, duty_percent=50, max_on_ms=500, min_cycle_ms=10)
    assert ("settings", False) in rig.faults
    rig.reset("power_on")
    rig.run(300_000)
    kinds = [outlet.kind for outlet in settings(rig).outlets]
    assert kinds == [OutletKind.OFF, OutletKind.VALVE, *[OutletKind.OFF] * 6]
    assert rig.faults[-1] != ("settings", True)
    rig.board.pulse(1, 20, rig.now_s)
    rig.run(SAVED_US)
    assert rig.answers(Order.PULSE) == [Reason.NONE]
