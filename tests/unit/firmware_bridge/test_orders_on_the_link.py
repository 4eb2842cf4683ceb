"""Belt, E-stop, pulses, settings, faults and beams: what the link makes of orders and news."""

import pytest

from firmware_bridge.board import (
    BoardAnswer,
    BoardBeam,
    BoardFault,
    BoardLost,
    Order,
    Reason,
)
from firmware_bridge.messages import (
    BeamEdge,
    BeltCommand,
    EstopClear,
    EventAck,
    Fault,
    MachineWrite,
    Message,
    OutletWrite,
    Pulse,
    SettingsRead,
)
from firmware_bridge.messages import MachineSettings as MachinePart
from firmware_bridge.messages import OutletSettings as OutletPart
from firmware_bridge.settings import (
    BoardSettings,
    InputFunction,
    MachineSettings,
    OutletKind,
    OutletSettings,
)
from tests.unit.firmware_bridge.peer import BOOT, Peer

VALVE = OutletSettings(
    channel=2,
    kind=OutletKind.VALVE,
    duty_percent=40,
    max_on_ms=500,
    min_cycle_ms=50,
    delay_us=8_000,
)
MACHINE = MachineSettings(
    silence_ms=300,
    encoder_dead_ms=400,
    jam_ticks=600,
    entry_beam=True,
    passed_beam=False,
    input_function=InputFunction.COVER,
    auto_restart=False,
)


@pytest.fixture
def peer() -> Peer:
    return Peer().connect()


def is_a(*kinds: type[Message]):  # type: ignore[no-untyped-def]
    return lambda message: isinstance(message, kinds)


def answers(peer: Peer) -> list[tuple[Order, Reason]]:
    return [(event.order, event.reason) for event in peer.told(BoardAnswer)]


def test_the_identity_is_told_whole(peer: Peer) -> None:
    identity = peer.link.identity
    assert identity is not None
    assert (identity.boot_nonce, identity.build_hash, identity.slots) == (BOOT, 0xCAFE, 24)
    assert identity.capabilities == {"virtual_ticks", "beam_events"}


def test_the_status_is_told_by_names(peer: Peer) -> None:
    peer.tick, peer.faults, peer.flags = 55, 0x0011, 0x03
    peer.run(0.05)
    status = peer.link.status
    assert status is not None
    assert (status.tick, status.outlets) == (55, {0, 2})
    assert status.faults == {"estop", "jam"}
    assert status.flags == {"belt_running", "start_needed"}
    assert status.inputs == {"button"}
    assert (status.free_slots, status.encoder_errors, status.frame_errors) == (24, 2, 3)


@pytest.mark.parametrize(("order", "code"), [("stop", 0), ("run", 1), ("run_by_operator", 2)])
def test_a_belt_order_tells_who_gives_it(peer: Peer, order: str, code: int) -> None:
    peer.link.orders.set_belt(order, peer.now_s)
    peer.run(0.005)
    sent = peer.all(BeltCommand)[0]
    assert (sent.boot_nonce, sent.session, sent.run) == (BOOT, 1, code)
    peer.answer(to=is_a(BeltCommand))
    assert answers(peer) == [(Order.BELT, Reason.NONE)]


def test_a_machine_without_an_encoder_tells_its_speed_with_the_belt_order() -> None:
    peer = Peer(virtual_ticks_per_s=600.5).connect()
    peer.link.orders.set_belt("run", peer.now_s)
    peer.run(0.005)
    assert peer.all(BeltCommand)[0].virtual_mticks_s == 600_500


def test_a_refused_belt_order_tells_why(peer: Peer) -> None:
    peer.link.orders.set_belt("run", peer.now_s)
    peer.run(0.005)
    peer.answer(Reason.START_NEEDED, to=is_a(BeltCommand))
    assert answers(peer) == [(Order.BELT, Reason.START_NEEDED)]


def test_a_newer_belt_order_replaces_an_unanswered_one(peer: Peer) -> None:
    peer.link.orders.set_belt("run", peer.now_s)
    peer.run(0.005)
    peer.link.orders.set_belt("stop", peer.now_s)
    peer.run(0.2)
    assert [command.run for command in peer.all(BeltCommand)[1:]] == [0, 0, 0, 0]


def test_a_belt_order_keeps_its_number_when_it_is_repeated_and_the_next_one_gets_another(
    peer: Peer,
) -> None:
    peer.link.orders.set_belt("run", peer.now_s)
    peer.run(0.1)
    peer.link.orders.set_belt("stop", peer.now_s)
    peer.run(0.005)
    assert [(c.order_id, c.run) for c in peer.all(BeltCommand)] == [(1, 1), (1, 1), (2, 0)]


def test_a_belt_order_from_before_the_handshake_is_carried_out_after_it() -> None:
    peer = Peer()
    peer.link.start(0.0)
    peer.link.orders.set_belt("run", peer.now_s)
    peer.run(0.05)
    assert peer.all(BeltCommand)[0].run == 1


def test_a_belt_order_does_not_wait_for_a_board_that_comes_back_much_later(peer: Peer) -> None:
    peer.link.lose("unplugged", peer.now_s)
    peer.link.orders.set_belt("run_by_operator", peer.now_s)
    peer.now_s += 6.0
    peer.link.start(peer.now_s)
    peer.run(0.3)
    assert peer.link.identity is not None
    assert peer.all(BeltCommand) == []
    assert answers(peer) == [(Order.BELT, Reason.NOT_READY)]


def test_an_emergency_stop_is_cleared_in_two_orders(peer: Peer) -> None:
    for step in (1, 2):
        peer.link.orders.clear_estop(step)
        peer.run(0.005)
        peer.answer(to=is_a(EstopClear))
    assert [(c.step, c.session, c.boot_nonce) for c in peer.all(EstopClear)] == [
        (1, 1, BOOT),
        (2, 1, BOOT),
    ]
    assert answers(peer) == [(Order.CLEAR_ESTOP, Reason.NONE)] * 2


def test_every_pulse_has_a_key_of_its_own(peer: Peer) -> None:
    for _ in range(2):
        peer.link.orders.pulse(3, 200)
        peer.run(0.005)
        peer.answer(to=is_a(Pulse))
    assert [(p.pulse_id, p.channel, p.duration_ms) for p in peer.all(Pulse)] == [
        (1, 3, 200),
        (2, 3, 200),
    ]


def test_orders_without_a_board_are_refused_as_not_ready() -> None:
    peer = Peer()
    peer.link.orders.pulse(0, 100)
    peer.link.orders.clear_estop(1)
    peer.link.orders.read_settings()
    peer.link.orders.write(VALVE)
    peer.run(0.01)
    assert {reason for _, reason in answers(peer)} == {Reason.NOT_READY}
    assert len(answers(peer)) == 4


def test_orders_that_a_lost_board_has_not_answered_end_as_link_lost(peer: Peer) -> None:
    peer.deaf = True
    for channel in range(5):
        peer.link.orders.pulse(channel, 100)
    peer.link.orders.read_settings()
    peer.run(1.5)
    assert len(peer.told(BoardLost)) == 1
    assert answers(peer) == [(Order.PULSE, Reason.LINK_LOST)] * 5 + [
        (Order.READ_SETTINGS, Reason.LINK_LOST)
    ]


def part_of(message: SettingsRead) -> Message:
    if message.part == 8:
        return MachinePart(
            silence_ms=300,
            encoder_dead_ms=400,
            jam_ticks=600,
            beams=1,
            input_function=3,
            auto_restart=0,
        )
    return OutletPart(
        channel=message.part,
        kind=2,
        duty_percent=40,
        max_on_ms=500,
        min_cycle_ms=50,
        closed_us=1_000,
        open_us=2_000,
        delay_us=8_000,
    )


def test_the_settings_are_read_part_by_part_and_told_as_one(peer: Peer) -> None:
    peer.link.orders.read_settings()
    answered: set[int] = set()
    for _ in range(20):
        peer.run(0.005)
        for seq, message in list(peer.heard):
            if isinstance(message, SettingsRead) and message.part not in answered:
                answered.add(message.part)
                peer.send(part_of(message), seq)
    assert answered == set(range(9))
    settings = peer.told(BoardSettings)
    assert len(settings) == 1
    assert settings[0].machine == MACHINE
    assert settings[0].outlets[2] == VALVE
    assert answers(peer) == [(Order.READ_SETTINGS, Reason.NONE)]


def test_settings_that_nobody_asked_for_and_codes_that_nobody_knows_are_dropped(
    peer: Peer,
) -> None:
    stray = part_of(SettingsRead(part=0))
    peer.send(stray)
    peer.link.orders.read_settings()
    peer.run(0.005)
    seq, _ = peer.heard[0]
    odd = OutletPart(
        channel=0,
        kind=99,
        duty_percent=0,
        max_on_ms=0,
        min_cycle_ms=0,
        closed_us=0,
        open_us=0,
        delay_us=0,
    )
    peer.send(odd, seq)
    assert peer.link.counters.stale == 2
    assert peer.told(BoardSettings) == []


def test_settings_are_written_as_they_are_read(peer: Peer) -> None:
    peer.link.orders.write(VALVE)
    peer.link.orders.write(MACHINE)
    peer.run(0.005)
    outlet, machine = peer.all(OutletWrite)[0], peer.all(MachineWrite)[0]
    assert (outlet.channel, outlet.kind, outlet.delay_us) == (2, 2, 8_000)
    assert (machine.beams, machine.input_function, machine.auto_restart) == (1, 3, 0)
    peer.answer(to=is_a(OutletWrite))
    peer.answer(Reason.BUSY, to=is_a(MachineWrite))
    assert answers(peer) == [
        (Order.WRITE_SETTINGS, Reason.NONE),
        (Order.WRITE_SETTINGS, Reason.BUSY),
    ]


def test_a_setting_that_fits_no_field_is_an_error(peer: Peer) -> None:
    huge = OutletSettings(
        channel=0, kind=OutletKind.VALVE, duty_percent=40, max_on_ms=70_000, min_cycle_ms=0
    )
    with pytest.raises(ValueError, match="negative or too large"):
        peer.link.orders.write(huge)


def test_faults_and_the_wait_for_the_start_button_are_told_as_they_change(peer: Peer) -> None:
    peer.send(Fault(faults=0x0004))
    peer.faults, peer.flags = 0x0004, 0x02
    peer.run(0.05)
    peer.faults = peer.flags = 0
    peer.run(0.05)
    assert [(fault.name, fault.active) for fault in peer.told(BoardFault)] == [
        ("encoder_dead", True),
        ("start_needed", True),
        ("encoder_dead", False),
        ("start_needed", False),
    ]


def edge(number: int, *, at_s: float, blocked: int = 1, beam: int = 1) -> BeamEdge:
    return BeamEdge(number=number, beam=beam, blocked=blocked, tick=40, board_us=round(at_s * 1e6))


def test_a_beam_edge_is_told_once_with_its_tick_and_host_time(peer: Peer) -> None:
    at_s = peer.now_s - 0.01
    for _ in range(3):
        peer.send(edge(9, at_s=at_s))
    peer.send(edge(10, at_s=at_s, blocked=0, beam=0))
    passed, entry = peer.told(BoardBeam)
    assert (passed.beam, passed.blocked, passed.tick) == ("passed", True, 40)
    assert (entry.beam, entry.blocked) == ("entry", False)
    assert passed.time_s is not None
    assert abs(passed.time_s - at_s) <= passed.error_s < 0.01
    peer.run(0.005)
    assert [ack.number for ack in peer.all(EventAck)] == [9, 9, 9, 10]


def test_a_beam_that_nobody_knows_is_dropped(peer: Peer) -> None:
    peer.send(edge(1, at_s=peer.now_s, beam=7))
    assert peer.told(BoardBeam) == []
    assert peer.link.counters.malformed == 1


def test_edges_of_a_new_boot_are_counted_anew(peer: Peer) -> None:
    peer.send(edge(9, at_s=peer.now_s))
    peer.boot_nonce += 1
    peer.send(peer.identity(0))
    peer.run(0.3)
    peer.send(edge(9, at_s=peer.now_s))
    assert len(peer.told(BoardBeam)) == 2
