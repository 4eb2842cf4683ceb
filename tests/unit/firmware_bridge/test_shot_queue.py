"""The queue against a plain model; the C queue is held against this one as part of its board."""

from collections import Counter

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from firmware_bridge.board import Outcome, Reason
from firmware_bridge.codes import OUTCOME_CODES, OUTCOMES, REASONS
from firmware_bridge.compiled_in import VERDICTS_KEPT
from firmware_bridge.shot_queue import ShotQueue
from firmware_bridge.wrapping import ahead, fold
from tests.contract.wire import shot_command
from tests.unit.firmware_bridge.queue_model import PlainQueue


class Checked:
    """A queue and the plain model beside it, compared after every step."""

    def __init__(self, start: int) -> None:
        self.queue = ShotQueue()
        self.model = PlainQueue(tick=start)
        self.near = start

    def offer(self, item: int, channel: int, ahead_by: int, length: int, mate: int) -> None:
        if len(self.model.answers) >= VERDICTS_KEPT and item not in self.model.answers:
            return
        first = self.model.tick + ahead_by
        mates = (mate,) if mate not in (0, item) else ()
        command = shot_command(item, first, first + length, channel=channel, mates=mates)
        answer = self.queue.offer(command, fold(self.model.tick))
        items = (item, *mates)
        assert answer.name == self.model.offer(items, channel, first, first + length)

    def cancel(self, item: int) -> None:
        answer = self.queue.cancel(item, fold(self.model.tick))
        assert answer.name == self.model.cancel(item)

    def move(self, step: int, resting: int) -> None:
        self.model.move(step, resting)
        self.queue.on_tick(fold(self.model.tick), step > 0, resting)

    def check(self) -> None:
        assert self.queue.open_mask == self.model.mask
        told = {
            r.item_id: (
                r.items,
                r.channel,
                OUTCOMES[r.outcome].name,
                REASONS[r.reason].name,
                self._unfold(r.open_tick) if r.opened else 0,
                self._unfold(r.close_tick) if r.opened else 0,
            )
            for r in self.queue.reports
        }
        assert told == self.model.reports

    def _unfold(self, tick: int) -> int:
        return self.near + ahead(tick, fold(self.near))


def play(start: int, moves: list[tuple[str, tuple[int, ...]]]) -> PlainQueue:
    """What the model has come to; the queue has come to the same after every move."""
    checked = Checked(start)
    queue = checked.queue
    for name, numbers in moves:
        if name == "offer":
            item, channel, ahead_by, length, mate = numbers
            checked.offer(item, channel, ahead_by, length, mate)
        elif name == "cancel":
            checked.cancel(numbers[0])
        elif name == "move":
            step, times, resting = numbers
            for _ in range(times):
                checked.move(step, resting)
                checked.check()
        elif name == "flush":
            queue.stop(Reason.FLUSH, fold(checked.model.tick))
            checked.model.stop()
        elif name == "cut":
            mask = 1 << numbers[0]
            queue.close(mask, Outcome.FIRED, Reason.ON_TIME, fold(checked.model.tick))
            checked.model.cut(numbers[0])
        else:
            queue.acknowledge(numbers[0])
            checked.model.acknowledge(numbers[0])
        checked.check()
    return checked.model


items = st.integers(1, 8)
channels = st.sampled_from((0, 0, 1, 1, 2, 7, 8))
mates = st.sampled_from((0, 0, *range(1, 9)))
offers = st.tuples(
    st.just("offer"),
    st.one_of(
        st.tuples(items, channels, st.integers(1, 12), st.integers(1, 12), mates),
        st.tuples(items, channels, st.integers(-3, 40), st.integers(-1, 20), mates),
    ),
)
forward = st.tuples(
    st.just("move"),
    st.tuples(st.just(1), st.integers(1, 15), st.sampled_from((0, 0, 1, 6, 0xFF))),
)
backward = st.tuples(st.just("move"), st.tuples(st.just(-1), st.integers(1, 5), st.just(0)))
cancels = st.tuples(st.just("cancel"), st.tuples(items))
cuts = st.tuples(st.just("cut"), st.tuples(st.sampled_from((0, 1))))
others = st.one_of(
    st.tuples(st.just("acknowledge"), st.tuples(items)),
    st.sampled_from((("flush", ()), ("move", (1, 4, 0)), ("move", (1, 9, 0)))),
)
kinds = (*[offers] * 5, *[forward] * 5, backward, cancels, cancels, cuts, cuts, others, others)
moves = st.lists(st.sampled_from(kinds).flatmap(lambda kind: kind), min_size=8, max_size=40)
starts = st.sampled_from((0, 1_000, 2**31 - 20, 2**32 - 20))


@given(starts, moves)
@settings(max_examples=300, deadline=None)
def test_the_queue_does_what_the_plain_model_does(
    start: int, moves: list[tuple[str, tuple[int, ...]]]
) -> None:
    play(start, moves)


def test_the_models_moves_lead_to_every_end_of_a_shot() -> None:
    """Or the comparison would be one of empty queues."""
    ends: Counter[str] = Counter()

    @given(starts, moves)
    @settings(max_examples=300, deadline=None, derandomize=True, phases=[Phase.generate])
    def look(start: int, moves: list[tuple[str, tuple[int, ...]]]) -> None:
        shots = play(start, moves).shots.values()
        ends.update({f"{shot.ended[0]} {shot.ended[1]}" for shot in shots if shot.ended})

    look()
    assert set(ends) == {
        "FIRED NONE",
        "FIRED ON_TIME",
        "REFUSED MIN_CYCLE",
        "CANCELLED REVERSE",
        "CANCELLED FLUSH",
        "CANCELLED CANCEL",
    }
    assert min(ends.values()) >= 3, ends


def test_a_window_of_one_tick_opens_and_closes() -> None:
    queue = ShotQueue()
    queue.offer(shot_command(1, 2, 3, channel=5), 0)
    masks = []
    for tick in range(1, 5):
        queue.on_tick(tick, True)
        masks.append(queue.open_mask)
    assert masks == [0, 1 << 5, 0, 0]
    assert queue.reports[0].outcome == OUTCOME_CODES[Outcome.FIRED]
