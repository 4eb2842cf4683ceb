"""Rules of the full board, on both firmwares, told in frames."""

from itertools import pairwise

from firmware_bridge.board import Outcome, Reason
from firmware_bridge.codes import FAULT_BITS, FLAG_BITS, OUTCOME_CODES, OUTLET_KINDS, REASON_CODES
from firmware_bridge.messages import (
    Cancel,
    EstopClear,
    Heartbeat,
    OutletSettings,
    OutletWrite,
    Pulse,
    Report,
    ReportAck,
    SettingsRead,
)
from firmware_bridge.plant import OUTLET_PINS, InputPin, OutputPin
from tests.contract.wire import Wire, belt_command, shot_command

OK = REASON_CODES[Reason.NONE]


def outlet(
    kind: str, *, duty_percent: int = 25, max_on_ms: int = 300, closed_us: int = 1_000
) -> OutletWrite:
    return OutletWrite(
        channel=0,
        kind=OUTLET_KINDS.index(kind),
        duty_percent=duty_percent,
        max_on_ms=max_on_ms,
        min_cycle_ms=40,
        closed_us=closed_us,
        open_us=2_000,
        delay_us=0,
    )


def live(wire: Wire, duration_us: int) -> None:
    """Let time pass with a host that is heard."""
    for _ in range(duration_us // 100_000):
        wire.send(Heartbeat())
        wire.wait(100_000)


def test_a_shot_of_an_older_session_or_boot_is_refused_as_stale(wire: Wire) -> None:
    wire.greet(session=5)
    wire.ask(shot_command(1, 10, 20, session=4))
    wire.ask(shot_command(1, 10, 20, session=5, boot_nonce=9))
    wire.ask(belt_command("run_by_operator", session=4))
    assert wire.statuses() == [REASON_CODES[Reason.STALE]] * 3
    wire.turn(30)
    assert wire.rises(OUTLET_PINS[0]) == 0


def test_items_that_share_a_window_end_in_one_report(wire: Wire) -> None:
    wire.greet()
    wire.ask(shot_command(1, 10, 20, mates=(2, 3)))
    wire.ask(Cancel(item_id=2))
    wire.turn(30)
    report = wire.reported()[1]
    assert (report.outcome, report.items) == (OUTCOME_CODES[Outcome.FIRED], 0b101)


def test_cancelling_the_last_item_cancels_the_shot(wire: Wire) -> None:
    wire.greet()
    wire.ask(shot_command(1, 10, 20))
    wire.ask(Cancel(item_id=1))
    wire.ask(Cancel(item_id=9))
    wire.turn(30)
    assert wire.statuses() == [OK, OK, REASON_CODES[Reason.NO_SHOT]]
    assert wire.reported()[1].reason == REASON_CODES[Reason.CANCEL]
    assert wire.rises(OUTLET_PINS[0]) == 0


def test_an_outlet_that_opens_again_too_soon_is_refused_for_its_minimum_cycle(wire: Wire) -> None:
    wire.greet()
    wire.ask(outlet("solenoid"))
    wire.ask(shot_command(1, 10, 12))
    wire.ask(shot_command(2, 20, 22))
    wire.turn(30)
    report = wire.reported()[2]
    assert report.outcome == OUTCOME_CODES[Outcome.REFUSED]
    assert report.reason == REASON_CODES[Reason.MIN_CYCLE]
    assert wire.rises(OUTLET_PINS[0]) == 1


def test_settings_above_a_ceiling_are_refused_and_others_are_kept(wire: Wire) -> None:
    wire.greet()
    wire.ask(outlet("solenoid", duty_percent=26))
    wire.ask(outlet("solenoid", duty_percent=20))
    wire.ask(SettingsRead(part=0))
    assert wire.statuses() == [REASON_CODES[Reason.SETTINGS], OK]
    assert wire.last(OutletSettings).duty_percent == 20


def test_a_pulse_by_hand_opens_once_and_by_time(wire: Wire) -> None:
    wire.greet()
    pulse = Pulse(boot_nonce=1, session=1, pulse_id=1, channel=3, duration_ms=50)
    wire.ask(pulse)
    wire.ask(pulse)
    wire.wait(100_000)
    wire.ask(pulse)
    assert wire.statuses() == [OK] * 3
    rise, fall = (edge for edge in wire.edges if edge.pin is OUTLET_PINS[3])
    assert 48_000 <= fall.at_us - rise.at_us <= 51_000


def test_settings_are_not_changed_under_a_running_belt_nor_with_a_shot_on_the_board(
    wire: Wire,
) -> None:
    wire.greet()
    wire.ask(belt_command("run_by_operator"))
    wire.ask(outlet("solenoid"))
    wire.ask(belt_command("stop"))
    wire.ask(shot_command(1, 10, 20))
    wire.ask(outlet("solenoid"))
    wire.turn(30)
    wire.ask(outlet("solenoid"))
    wire.ask(ReportAck(item_id=1))
    wire.ask(outlet("solenoid"))
    busy = REASON_CODES[Reason.BUSY]
    assert wire.statuses() == [OK, busy, OK, OK, busy, busy, OK]


def test_no_shot_is_taken_while_an_outlet_is_open_by_hand(wire: Wire) -> None:
    wire.greet()
    wire.ask(Pulse(boot_nonce=1, session=1, pulse_id=1, channel=3, duration_ms=50))
    wire.ask(shot_command(1, 10, 20))
    wire.wait(60_000)
    wire.ask(shot_command(2, 10, 20))
    assert wire.statuses() == [OK, REASON_CODES[Reason.BUSY], OK]


def test_a_reverse_tick_closes_an_outlet_that_is_open_by_hand(wire: Wire) -> None:
    wire.greet()
    wire.ask(Pulse(boot_nonce=1, session=1, pulse_id=1, channel=3, duration_ms=500))
    wire.turn(-1)
    assert [edge.level for edge in wire.edges if edge.pin is OUTLET_PINS[3]] == [True, False]


def test_an_order_to_run_the_belt_closes_an_outlet_that_is_open_by_hand(wire: Wire) -> None:
    wire.greet()
    wire.ask(Pulse(boot_nonce=1, session=1, pulse_id=1, channel=3, duration_ms=500))
    wire.ask(belt_command("run_by_operator"))
    assert [edge.level for edge in wire.edges if edge.pin is OUTLET_PINS[3]] == [True, False]


def test_an_outlet_that_is_open_by_hand_closes_when_the_button_starts_the_belt(wire: Wire) -> None:
    wire.greet()
    wire.ask(belt_command("run"))
    wire.ask(Pulse(boot_nonce=1, session=1, pulse_id=1, channel=3, duration_ms=400))
    wire.plant.drive(InputPin.BUTTON, False)
    wire.wait(10_000)
    assert wire.rises(OutputPin.BELT) == 1
    assert [edge.level for edge in wire.edges if edge.pin is OUTLET_PINS[3]] == [True, False]


def test_a_repeated_order_to_run_does_not_restart_a_belt_that_has_stopped_since(
    wire: Wire,
) -> None:
    wire.greet()
    wire.ask(belt_command("run_by_operator", order_id=7))
    live(wire, 1_300_000)
    wire.ask(belt_command("run_by_operator", order_id=7))
    assert wire.statuses() == [OK, OK]
    assert [edge.level for edge in wire.edges if edge.pin is OutputPin.BELT] == [True, False]
    wire.ask(belt_command("run_by_operator", order_id=8))
    assert wire.rises(OutputPin.BELT) == 2


def test_an_order_to_run_that_comes_after_a_newer_one_to_stop_is_stale(wire: Wire) -> None:
    wire.greet()
    wire.ask(belt_command("run_by_operator", order_id=1))
    wire.ask(belt_command("stop", order_id=2))
    wire.ask(belt_command("run_by_operator", order_id=1))
    assert wire.statuses() == [OK, OK, REASON_CODES[Reason.STALE]]
    assert [edge.level for edge in wire.edges if edge.pin is OutputPin.BELT] == [True, False]


def test_a_refused_belt_order_is_refused_again_when_it_is_repeated(wire: Wire) -> None:
    wire.greet()
    wire.wait(600_000)
    wire.ask(belt_command("run_by_operator", order_id=1))
    wire.ask(Heartbeat())
    wire.ask(belt_command("run_by_operator", order_id=1))
    assert wire.statuses() == [REASON_CODES[Reason.SILENCE]] * 2
    assert wire.rises(OutputPin.BELT) == 0


def test_a_new_session_counts_its_belt_orders_anew(wire: Wire) -> None:
    wire.greet(session=1)
    wire.ask(belt_command("run_by_operator", order_id=5))
    wire.greet(session=2)
    wire.ask(belt_command("run_by_operator", order_id=1, session=2))
    assert wire.statuses() == [OK]
    assert wire.rises(OutputPin.BELT) == 2


def test_a_belt_without_ticks_stops_and_its_shots_are_cancelled(wire: Wire) -> None:
    wire.greet()
    wire.ask(belt_command("run_by_operator"))
    wire.ask(shot_command(1, 10, 100))
    wire.turn(20)
    live(wire, 1_300_000)
    assert [edge.level for edge in wire.edges if edge.pin is OutputPin.BELT] == [True, False]
    assert [edge.level for edge in wire.edges if edge.pin is OUTLET_PINS[0]] == [True, False]
    assert wire.reported()[1].reason == REASON_CODES[Reason.ENCODER]
    assert wire.state().faults == FAULT_BITS["encoder_dead"] | FAULT_BITS["jam"]


def test_an_emergency_stop_is_cleared_in_two_steps_with_the_chain_closed(wire: Wire) -> None:
    wire.greet()
    first = EstopClear(boot_nonce=1, session=1, step=1)
    second = EstopClear(boot_nonce=1, session=1, step=2)
    wire.plant.drive(InputPin.ESTOP, True)
    wire.wait(5_000)
    wire.ask(first)
    wire.plant.drive(InputPin.ESTOP, False)
    wire.wait(5_000)
    wire.ask(second)
    wire.ask(first)
    wire.ask(second)
    refused = REASON_CODES[Reason.ESTOP]
    assert wire.statuses() == [refused, refused, OK, OK]
    state = wire.state()
    assert state.faults == 0
    assert state.flags & FLAG_BITS["start_needed"]


def test_the_second_step_comes_too_late_after_five_seconds(wire: Wire) -> None:
    wire.greet()
    wire.plant.drive(InputPin.ESTOP, True)
    wire.wait(5_000)
    wire.plant.drive(InputPin.ESTOP, False)
    wire.wait(5_000)
    wire.ask(EstopClear(boot_nonce=1, session=1, step=1))
    live(wire, 5_200_000)
    wire.ask(EstopClear(boot_nonce=1, session=1, step=2))
    assert wire.statuses() == [OK, REASON_CODES[Reason.ESTOP]]


def test_a_servo_changes_its_pulses_within_one_frame(wire: Wire) -> None:
    wire.greet()
    wire.ask(outlet("servo"))
    wire.ask(shot_command(1, 2, 100))
    wire.wait(100_000)
    opens_us = wire.plant.now_us
    wire.turn(2)
    wire.wait(60_000)
    wire.turn(98)
    edges = [edge for edge in wire.edges if edge.pin is OUTLET_PINS[0]]
    widths = [(rise.at_us, fall.at_us - rise.at_us) for rise, fall in pairwise(edges) if rise.level]
    assert all(abs(width - 1_000) < 30 for at_us, width in widths if at_us < opens_us)
    opened = [at_us for at_us, width in widths if abs(width - 2_000) < 30]
    assert opened
    assert opened[0] - opens_us <= 21_100
    assert not wire.all(Report) or wire.reported()[1].opened


def test_a_servos_longest_pulse_ends_too(wire: Wire) -> None:
    wire.greet()
    wire.ask(outlet("servo", closed_us=2_500))
    wire.edges.clear()
    wire.wait(200_000)
    edges = [edge for edge in wire.edges if edge.pin is OUTLET_PINS[0]]
    lengths = [b.at_us - a.at_us for a, b in pairwise(edges) if a.level]
    assert len(lengths) >= 8
    assert 2_490 <= min(lengths) <= max(lengths) <= 2_510
