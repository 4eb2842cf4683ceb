"""What both firmwares must do with the bytes on the wire, without the host's link in between."""

import pytest

from firmware_bridge.board import Reason
from firmware_bridge.codes import REASON_CODES, RESET_CAUSES
from firmware_bridge.compiled_in import (
    HORIZON_TICKS,
    PROTOCOL_VERSION,
    REPORT_RESEND_US,
    SHOT_SLOTS,
    VERDICTS_KEPT,
)
from firmware_bridge.messages import (
    Ack,
    BeamEdge,
    EventAck,
    Flush,
    Heartbeat,
    Hello,
    Identity,
    Query,
    Report,
    ReportAck,
    State,
)
from firmware_bridge.plant import OUTLET_PINS, InputPin, OutputPin
from tests.contract.wire import Wire, belt_command, shot_command

OK = REASON_CODES[Reason.NONE]


def test_the_board_says_who_it_is_when_it_boots(wire: Wire) -> None:
    wire.wait(20_000)
    identity = wire.last(Identity)
    assert identity.protocol == PROTOCOL_VERSION
    assert identity.session == 0


def test_anything_sent_outside_a_session_is_answered_with_the_identity(wire: Wire) -> None:
    wire.wait(20_000)
    wire.received.clear()
    wire.ask(shot_command(1, 10, 20))
    assert [type(message) for _, message in wire.received] == [Identity]


def test_a_hello_of_another_version_is_answered_and_opens_no_session(wire: Wire) -> None:
    wire.wait(20_000)
    wire.received.clear()
    wire.send_raw(Hello.TYPE, bytes([PROTOCOL_VERSION + 1]) + b"whatever a newer host says")
    wire.wait(10_000)
    assert wire.last(Identity).protocol == PROTOCOL_VERSION
    assert wire.last(Identity).session == 0


def test_a_state_carries_the_number_of_its_question(wire: Wire) -> None:
    wire.greet()
    seq = wire.send(Query())
    wire.wait(5_000)
    assert wire.received[-1][0] == seq
    assert isinstance(wire.received[-1][1], State)


def test_the_boards_clock_counts_microseconds(wire: Wire) -> None:
    wire.greet()
    first = wire.state()
    wire.wait(1_000_000)
    second = wire.state()
    assert abs(second.board_us - first.board_us - 1_005_000) < 100


def test_a_repeated_shot_is_acknowledged_and_not_fired_twice(wire: Wire) -> None:
    wire.greet()
    wire.ask(shot_command(1, 10, 20))
    wire.ask(shot_command(1, 10, 20))
    wire.turn(15)
    wire.ask(shot_command(1, 40, 50))
    wire.turn(15)
    wire.ask(shot_command(1, 40, 50))
    wire.ask(ReportAck(item_id=1))
    wire.ask(shot_command(1, 40, 50))
    wire.turn(60)
    assert wire.statuses() == [OK] * 5
    assert wire.rises(OUTLET_PINS[0]) == 1


def test_a_repeat_of_a_refused_shot_gets_the_same_answer(wire: Wire) -> None:
    wire.greet()
    wire.turn(100)
    wire.ask(shot_command(1, 50, 120))
    wire.ask(shot_command(1, 150, 160))
    wire.turn(100)
    assert wire.statuses() == [REASON_CODES[Reason.LATE]] * 2
    assert wire.rises(OUTLET_PINS[0]) == 0


def test_a_full_queue_refuses_with_its_reason(wire: Wire) -> None:
    wire.greet()
    for number in range(SHOT_SLOTS + 1):
        wire.ask(shot_command(number + 1, 100 + number, 101 + number))
    assert wire.statuses() == [OK] * SHOT_SLOTS + [REASON_CODES[Reason.FULL]]
    assert wire.state().free_slots == 0


def test_a_slot_stays_taken_until_its_report_is_acknowledged(wire: Wire) -> None:
    wire.greet()
    wire.ask(shot_command(1, 10, 20))
    wire.turn(30)
    assert wire.state().free_slots == SHOT_SLOTS - 1
    wire.ask(ReportAck(item_id=1))
    assert wire.state().free_slots == SHOT_SLOTS


def test_a_report_is_sent_again_until_it_is_acknowledged(wire: Wire) -> None:
    wire.greet()
    wire.ask(shot_command(1, 10, 20))
    wire.turn(30)
    wire.wait(4 * REPORT_RESEND_US)
    assert 4 <= len(wire.all(Report)) <= 6
    wire.ask(ReportAck(item_id=1))
    wire.received.clear()
    wire.wait(4 * REPORT_RESEND_US)
    assert wire.all(Report) == []


def test_a_beam_edge_is_sent_again_until_its_number_is_acknowledged(wire: Wire) -> None:
    wire.greet()
    for level in (True, False):
        wire.plant.drive(InputPin.ENTRY_BEAM, level)
        wire.wait(5_000)
    wire.wait(4 * REPORT_RESEND_US)
    first, second = sorted({edge.number for edge in wire.all(BeamEdge)})
    assert second == first + 1
    assert 8 <= len(wire.all(BeamEdge)) <= 12
    assert len({repr(edge) for edge in wire.all(BeamEdge)}) == 2
    wire.ask(EventAck(number=first))
    wire.received.clear()
    wire.wait(4 * REPORT_RESEND_US)
    assert {edge.number for edge in wire.all(BeamEdge)} == {second}
    wire.ask(EventAck(number=second))
    wire.received.clear()
    wire.wait(4 * REPORT_RESEND_US)
    assert wire.all(BeamEdge) == []


def test_an_edge_of_the_entry_beam_is_stamped_to_some_microseconds(wire: Wire) -> None:
    wire.greet()
    wire.turn(40)
    driven_us = []
    for number, after_us in enumerate((7_013, 3_777, 12_345, 2_501)):
        wire.wait(after_us)
        wire.plant.drive(InputPin.ENTRY_BEAM, number % 2 == 0)
        driven_us.append(wire.plant.now_us)
    wire.wait(10_000)
    edges = {edge.number: edge for edge in wire.all(BeamEdge)}
    stamped_us = [edges[number].board_us for number in sorted(edges)]
    offsets = [stamp - driven for stamp, driven in zip(stamped_us, driven_us, strict=True)]
    assert max(offsets) - min(offsets) <= 4
    assert {edge.tick for edge in edges.values()} == {40}


def test_windows_that_make_no_sense_are_refused_with_their_reason(wire: Wire) -> None:
    wire.greet()
    wire.ask(shot_command(1, 100, 100))
    wire.ask(shot_command(2, 100, 90))
    wire.ask(shot_command(3, 100, 101 + HORIZON_TICKS))
    wire.ask(shot_command(4, HORIZON_TICKS + 1, HORIZON_TICKS + 2))
    wire.ask(shot_command(5, 100, 110, channel=8))
    wire.ask(shot_command(6, 0, 10))
    expected = [Reason.WINDOW] * 3 + [Reason.HORIZON, Reason.CHANNEL, Reason.LATE]
    assert wire.statuses() == [REASON_CODES[reason] for reason in expected]


def test_a_new_session_forgets_the_shots_of_the_old_one(wire: Wire) -> None:
    wire.greet(session=1)
    wire.ask(shot_command(1, 10, 100))
    wire.ask(shot_command(2, 50, 60, channel=1))
    wire.turn(20)
    wire.ask(Hello(protocol=PROTOCOL_VERSION, session=2))
    wire.turn(100)
    assert wire.rises(OUTLET_PINS[0]) == 1
    assert [edge.level for edge in wire.edges if edge.pin is OUTLET_PINS[0]] == [True, False]
    assert wire.rises(OUTLET_PINS[1]) == 0
    assert wire.state().free_slots == SHOT_SLOTS


def test_a_new_session_forgets_what_was_answered_and_the_edges_of_the_beams(wire: Wire) -> None:
    wire.greet(session=1)
    wire.turn(50)
    wire.ask(shot_command(1, 20, 30))
    wire.plant.drive(InputPin.PASSED_BEAM, True)
    wire.wait(5_000)
    wire.ask(Hello(protocol=PROTOCOL_VERSION, session=2))
    wire.received.clear()
    wire.ask(shot_command(1, 80, 90, session=2))
    wire.turn(60)
    assert wire.statuses() == [OK]
    assert wire.rises(OUTLET_PINS[0]) == 1
    assert wire.all(BeamEdge) == []


def test_a_shot_from_before_a_reset_is_refused_as_stale(wire: Wire) -> None:
    wire.greet(session=1)
    wire.reset("brown_out")
    wire.greet(session=1)
    wire.ask(shot_command(1, 20, 30))
    wire.turn(50)
    assert wire.statuses() == [REASON_CODES[Reason.STALE]]
    assert wire.rises(OUTLET_PINS[0]) == 0


@pytest.mark.parametrize("cause", RESET_CAUSES)
def test_every_boot_is_counted_and_told_with_its_cause(wire: Wire, cause: str) -> None:
    wire.wait(20_000)
    for boot in (2, 3):
        wire.received.clear()
        wire.reset(cause)
        wire.wait(30_000)
        identity = wire.last(Identity)
        assert (identity.boot_nonce, RESET_CAUSES[identity.reset_cause]) == (boot, cause)


def test_a_repeated_hello_of_the_same_session_changes_nothing(wire: Wire) -> None:
    wire.greet(session=1)
    wire.ask(shot_command(1, 10, 20))
    wire.ask(Hello(protocol=PROTOCOL_VERSION, session=1))
    wire.turn(30)
    assert wire.rises(OUTLET_PINS[0]) == 1


def test_the_belt_refuses_to_run_for_a_silent_host(wire: Wire) -> None:
    wire.greet()
    wire.wait(600_000)
    wire.ask(belt_command("run_by_operator"))
    assert wire.statuses() == [REASON_CODES[Reason.SILENCE]]
    wire.ask(Heartbeat())
    wire.ask(belt_command("run_by_operator"))
    assert wire.statuses()[-1] == OK
    assert wire.rises(OutputPin.BELT) == 1


def test_questions_alone_do_not_feed_the_silence_timer(wire: Wire) -> None:
    wire.greet()
    wire.ask(belt_command("run_by_operator"))
    for _ in range(60):
        wire.ask(Query())
        wire.wait(5_000)
    assert [edge.level for edge in wire.edges if edge.pin is OutputPin.BELT] == [True, False]


def test_a_flush_is_acknowledged_and_reported_for_each_shot(wire: Wire) -> None:
    wire.greet()
    wire.ask(shot_command(1, 10, 100))
    wire.ask(shot_command(2, 50, 60))
    wire.turn(20)
    wire.ask(Flush())
    wire.wait(10_000)
    assert wire.last(Ack).command == Flush.TYPE
    assert {r.reason for r in wire.reported().values()} == {REASON_CODES[Reason.FLUSH]}
    assert wire.reported()[1].opened == 1
    assert wire.reported()[2].opened == 0


def test_garbage_between_frames_is_dropped_and_counted(wire: Wire) -> None:
    wire.greet()
    wire.plant.send(b"\x00garbage\x00" + b"\xff" * 300 + b"\x00\x00")
    wire.wait(50_000)
    wire.send_raw(0x55, b"a type that nobody knows")
    wire.send_raw(Heartbeat.TYPE, b"too long")
    wire.send(shot_command(0, 100, 110))
    wire.wait(20_000)
    assert wire.state().frame_errors == 5
    assert wire.statuses() == []


def test_an_encoder_edge_that_skips_a_state_is_counted_and_moves_nothing(wire: Wire) -> None:
    wire.greet()
    wire.turn(4)
    wire.plant.drive(InputPin.ENCODER_A, True)
    wire.plant.drive(InputPin.ENCODER_B, True)
    wire.wait(1_000)
    state = wire.state()
    # A simulated board may see the two edges one after the other: then it counts two ticks.
    assert (state.tick, state.encoder_errors) in {(4, 1), (6, 0)}


def test_pressing_the_emergency_stop_before_power_up_is_noticed(wire: Wire) -> None:
    wire.plant.drive(InputPin.ESTOP, True)
    wire.greet()
    wire.ask(belt_command("run_by_operator"))
    assert wire.statuses() == [REASON_CODES[Reason.ESTOP]]


def test_the_board_remembers_enough_answers_for_every_command_in_flight(wire: Wire) -> None:
    wire.greet()
    wire.turn(100)
    for number in range(VERDICTS_KEPT):
        wire.ask(shot_command(number + 1, 50, 60))
    for number in range(VERDICTS_KEPT):
        wire.ask(shot_command(number + 1, 300, 310))
    assert wire.statuses() == [REASON_CODES[Reason.LATE]] * 2 * VERDICTS_KEPT
