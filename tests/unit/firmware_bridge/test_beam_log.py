from random import Random

from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.beam_log import WAIT_FOR, BeamLog


@given(seed=st.integers(0, 2**32), start=st.integers(0, 2**16 - 1))
def test_each_edge_is_new_once_whatever_is_repeated_and_out_of_order(seed: int, start: int) -> None:
    random = Random(seed)
    log = BeamLog()
    assert log.is_new(start)
    sent = list(range(start + 1, start + 200))
    arrivals = sent + random.choices(sent, k=100)
    arrivals.sort(key=lambda number: number + random.uniform(0, 7))
    new = [number for number in arrivals if log.is_new(number % 2**16)]
    assert sorted(new) == sent
    assert log.missed == 0


def test_an_edge_that_the_board_had_no_room_for_is_counted() -> None:
    log = BeamLog()
    for number in (1, 2, 5, 6):
        assert log.is_new(number)
    assert log.missed == 0
    for number in range(7, 7 + WAIT_FOR + 5):
        assert log.is_new(number)
    assert log.missed == 2
    assert not log.is_new(3)


def test_a_long_gap_is_counted_without_remembering_every_edge_of_it() -> None:
    log = BeamLog()
    assert log.is_new(0)
    assert log.is_new(1_001)
    for number in range(1_002, 1_002 + 2 * WAIT_FOR):
        assert log.is_new(number)
    assert log.missed == 1_000


def test_edges_from_before_the_first_one_that_came_through_are_not_taken_for_repeats() -> None:
    log = BeamLog()
    assert log.is_new(5)
    assert log.is_new(4)
    assert not log.is_new(4)
    assert not log.is_new(5)
    for number in range(6, 6 + 2 * WAIT_FOR):
        assert log.is_new(number)
    assert log.missed == 0
