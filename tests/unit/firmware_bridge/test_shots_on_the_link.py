"""Which shots the link sends when, and how their items end."""

import pytest

from firmware_bridge.board import Outcome, Reason, Shot, ShotReport
from firmware_bridge.commands import WINDOW
from firmware_bridge.messages import Cancel, Flush, ShotCommand
from firmware_bridge.shot_desk import MAX_HELD, SLOTS_FOR_NEARER
from tests.unit.firmware_bridge.peer import BOOT, SLOTS, Peer

FIRED = (Outcome.FIRED, Reason.NONE)
TAKEN_OUT = (Outcome.CANCELLED, Reason.CANCEL)


def shot(item_id: int, first: int, *mates: int, channel: int = 0) -> Shot:
    return Shot(
        item_id=item_id, channel=channel, open_tick=first, close_tick=first + 10, mates=mates
    )


@pytest.fixture
def peer() -> Peer:
    return Peer().connect()


def fill(peer: Peer, count: int, first: int = 1_000) -> None:
    """Put on the board what it takes of shots that open ever later; ids from 100 on."""
    for number in range(count):
        peer.link.shoot(shot(100 + number, first + 20 * number))
        peer.run(0.002)
        if peer.shots[-1] == 100 + number:
            peer.arm(100 + number)


def test_the_nearest_shots_go_first_and_only_a_few_are_unanswered_at_once(peer: Peer) -> None:
    for item, first in ((1, 900), (2, 300), (3, 700), (4, 200), (5, 500)):
        peer.link.shoot(shot(item, first))
    peer.run(0.005)
    assert peer.shots == [4, 2, 5][:WINDOW]
    peer.arm(2)
    peer.run(0.005)
    assert peer.shots == [4, 2, 5, 3]


def test_a_shot_names_the_boards_boot_and_the_session(peer: Peer) -> None:
    peer.link.shoot(shot(1, 500, 2, 3))
    peer.run(0.005)
    sent = peer.all(ShotCommand)[0]
    assert (sent.boot_nonce, sent.session) == (BOOT, 1)
    assert (sent.item_id, sent.mate_1, sent.mate_2, sent.mate_3) == (1, 2, 3, 0)


def test_an_unanswered_shot_is_repeated_under_its_number_until_it_is_answered(peer: Peer) -> None:
    peer.link.shoot(shot(1, 500))
    peer.run(0.2)
    seqs = [seq for seq, message in peer.heard if isinstance(message, ShotCommand)]
    assert len(seqs) == 4 and len(set(seqs)) == 1
    peer.arm(1)
    peer.run(0.2)
    assert len(peer.shots) == 4


def test_a_shot_that_is_never_answered_ends_as_unknown(peer: Peer) -> None:
    peer.link.shoot(shot(1, 500, 2))
    peer.run(2.1)
    assert peer.ends == dict.fromkeys((1, 2), (Outcome.UNKNOWN, Reason.LINK_LOST))
    assert peer.link.counters.commands_unanswered == 1


def test_every_item_of_a_shot_ends_in_a_report_of_its_own(peer: Peer) -> None:
    peer.link.shoot(shot(1, 500, 2, 3))
    peer.run(0.005)
    peer.arm(1)
    peer.report(1, Outcome.FIRED, items=0b111, opened=(500, 510))
    assert peer.ends == {1: FIRED, 2: FIRED, 3: FIRED}
    assert {(r.open_tick, r.close_tick) for r in peer.told(ShotReport)} == {(500, 510)}
    peer.run(0.005)
    assert peer.acknowledged == [1]


def test_a_repeated_report_is_acknowledged_again_and_told_once(peer: Peer) -> None:
    peer.link.shoot(shot(1, 500))
    peer.run(0.005)
    for _ in range(3):
        peer.report(1, Outcome.FIRED, opened=(500, 510))
        peer.run(0.005)
    assert peer.ends == {1: FIRED}
    assert peer.acknowledged == [1, 1, 1]
    assert peer.link.counters.stale == 2


def test_a_refusal_ends_every_item_with_its_reason(peer: Peer) -> None:
    peer.link.shoot(shot(1, 500, 2))
    peer.run(0.005)
    peer.arm(1, Reason.MIN_CYCLE)
    assert peer.ends == dict.fromkeys((1, 2), (Outcome.REFUSED, Reason.MIN_CYCLE))


def test_a_shot_that_finds_the_board_full_waits_and_is_sent_again(peer: Peer) -> None:
    peer.free_slots = 0
    peer.link.shoot(shot(1, 500))
    peer.run(0.005)
    peer.arm(1, Reason.FULL)
    peer.run(0.3)
    assert peer.shots == [1]
    assert peer.ends == {}
    peer.free_slots = 1
    peer.run(0.05)
    assert peer.shots == [1, 1]
    assert peer.link.shots.turned_away == 1
    peer.arm(1)
    peer.report(1, Outcome.FIRED, opened=(500, 510))
    assert peer.ends == {1: FIRED}


def test_a_nearer_shot_still_finds_a_slot_behind_a_row_of_far_ones(peer: Peer) -> None:
    fill(peer, SLOTS)
    assert len(peer.shots) == SLOTS - SLOTS_FOR_NEARER
    peer.link.shoot(shot(1, 500))
    peer.run(0.002)
    assert peer.shots[-1] == 1


def test_never_more_shots_are_on_the_board_than_it_has_slots(peer: Peer) -> None:
    fill(peer, SLOTS)
    for number in range(SLOTS):
        peer.link.shoot(shot(200 + number, 500 + number))
        peer.run(0.002)
        if peer.shots[-1] == 200 + number:
            peer.arm(200 + number)
    assert len(peer.shots) == SLOTS
    peer.report(100, Outcome.FIRED, opened=(1_000, 1_010))
    peer.run(0.002)
    assert len(peer.shots) == SLOTS + 1


def test_more_shots_than_the_host_holds_are_refused_as_full(peer: Peer) -> None:
    for number in range(1, MAX_HELD + 10):
        peer.link.shoot(shot(number, 1_000 + number))
    peer.events += peer.link.take_events()
    assert len(peer.ends) == 9
    assert set(peer.ends.values()) == {(Outcome.REFUSED, Reason.FULL)}


def test_an_item_is_taken_out_of_a_shot_on_the_board(peer: Peer) -> None:
    peer.link.shoot(shot(1, 500, 2))
    peer.run(0.005)
    peer.arm(1)
    peer.link.shots.cancel(2)
    peer.run(0.005)
    assert [cancel.item_id for cancel in peer.all(Cancel)] == [2]
    peer.answer(to=lambda m: isinstance(m, Cancel))
    assert peer.ends == {2: TAKEN_OUT}
    peer.report(1, Outcome.FIRED, items=0b01, opened=(500, 510))
    assert peer.ends == {1: FIRED, 2: TAKEN_OUT}


def test_a_cancelled_shot_keeps_its_slot_until_the_board_has_reported_it(peer: Peer) -> None:
    fill(peer, SLOTS - SLOTS_FOR_NEARER)
    peer.link.shots.cancel(100)
    peer.run(0.005)
    peer.answer(to=lambda m: isinstance(m, Cancel))
    assert peer.ends == {100: TAKEN_OUT}
    peer.link.shoot(shot(1, 5_000))
    peer.run(0.005)
    assert 1 not in peer.shots
    peer.report(100, Outcome.CANCELLED, Reason.CANCEL, items=0)
    peer.run(0.005)
    assert peer.shots[-1] == 1
    assert peer.link.counters.stale == 0


def test_a_cancellation_waits_until_its_shot_is_answered(peer: Peer) -> None:
    """A repeat of the shot behind the cancellation would arm the item anew."""
    peer.link.shoot(shot(1, 500))
    peer.run(0.005)
    peer.link.shots.cancel(1)
    peer.run(0.1)
    assert peer.all(Cancel) == []
    peer.arm(1)
    peer.run(0.005)
    assert len(peer.all(Cancel)) == 1


def test_an_item_that_waits_on_the_host_is_cancelled_there_and_its_mates_fire(peer: Peer) -> None:
    fill(peer, SLOTS - SLOTS_FOR_NEARER)
    peer.link.shoot(shot(1, 5_000, 2, 3))
    peer.link.shots.cancel(1)
    peer.link.shots.cancel(1)
    peer.run(0.005)
    assert peer.all(Cancel) == []
    assert peer.ends == {1: TAKEN_OUT}
    peer.report(100, Outcome.FIRED, opened=(1_000, 1_010))
    peer.run(0.005)
    sent = peer.all(ShotCommand)[-1]
    assert (sent.item_id, sent.mate_1, sent.mate_2) == (2, 3, 0)
    peer.arm(2)
    peer.report(2, Outcome.FIRED, items=0b11, opened=(5_000, 5_010))
    assert peer.ends[2] == peer.ends[3] == FIRED


def test_a_cancellation_that_came_too_late_changes_nothing(peer: Peer) -> None:
    peer.link.shoot(shot(1, 500))
    peer.run(0.005)
    peer.arm(1)
    peer.link.shots.cancel(1)
    peer.run(0.005)
    peer.answer(Reason.LATE, to=lambda m: isinstance(m, Cancel))
    assert peer.ends == {}
    peer.report(1, Outcome.FIRED, opened=(500, 510))
    peer.link.shots.cancel(1)
    peer.run(0.005)
    assert peer.ends == {1: FIRED}
    assert len(peer.all(Cancel)) == 1


def test_the_boards_report_tells_of_a_cancellation_whose_answer_was_lost(peer: Peer) -> None:
    peer.link.shoot(shot(1, 500, 2))
    peer.run(0.005)
    peer.arm(1)
    peer.link.shots.cancel(1)
    peer.run(0.005)
    peer.report(1, Outcome.FIRED, items=0b10, opened=(500, 510))
    assert peer.ends == {1: TAKEN_OUT, 2: FIRED}


def test_a_flush_cancels_at_once_what_waits_on_the_host(peer: Peer) -> None:
    fill(peer, SLOTS - SLOTS_FOR_NEARER)
    peer.link.shoot(shot(1, 5_000, 2))
    peer.link.flush()
    peer.run(0.005)
    assert peer.ends == dict.fromkeys((1, 2), (Outcome.CANCELLED, Reason.FLUSH))
    assert len(peer.all(Flush)) == 1


def test_a_reset_ends_shots_that_may_have_opened_as_unknown_and_the_rest_as_cancelled(
    peer: Peer,
) -> None:
    peer.link.shoot(shot(1, 30, 2))
    peer.link.shoot(shot(3, 500_000))
    peer.run(0.005)
    peer.arm(1)
    peer.arm(3)
    fill(peer, SLOTS, first=600_000)
    peer.boot_nonce += 1
    peer.send(peer.identity(0))
    reset = Reason.RESET
    assert peer.ends[1] == peer.ends[2] == (Outcome.UNKNOWN, reset)
    assert peer.ends[3] == (Outcome.CANCELLED, reset)
    assert {peer.ends[100 + n] for n in range(SLOTS)} == {(Outcome.CANCELLED, reset)}
    peer.heard.clear()
    peer.run(0.5)
    assert peer.shots == []


@pytest.mark.parametrize(
    "items", [(0,), (2**32,), (1, 1), (1, 2, 3, 4, 5)], ids=["zero", "huge", "twice", "too many"]
)
def test_a_shot_of_impossible_items_is_an_error(items: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="item"):
        shot(items[0], 100, *items[1:])


def test_no_item_is_shot_at_twice(peer: Peer) -> None:
    peer.link.shoot(shot(1, 500, 2))
    with pytest.raises(ValueError, match="item 2 was handed over before"):
        peer.link.shoot(shot(3, 600, 2))
    peer.link.shoot(shot(3, 600))
    peer.run(0.005)
    assert peer.shots == [1, 3]
