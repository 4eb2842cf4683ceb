from __future__ import annotations

import weakref
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sorter.frame import Pixels
from sorter.item import Item, Measures, Sighting
from sorter.track import VIEWS
from sorter.tracker import Tracker
from sorter.view import View
from tests.factories import make_measures, make_sighting

SIDE_PX = 8
UNDECIDED = range(700, 1280, 20)
"""Ticks of the frames in which the item below is followed and not yet due."""


class Film:
    """Sightings that hold on to their frames, as those of a finder do."""

    def __init__(self) -> None:
        self.frames: list[weakref.ref[Pixels]] = []
        self.photos = self.measured = 0

    def sighting(self, at_mm: float, tick: float, **changes: object) -> Sighting:
        frame = np.zeros((64, 64, 3), np.uint8)
        self.frames.append(weakref.ref(frame))
        plain = make_sighting(at_mm, tick=tick, **changes)  # type: ignore[arg-type]
        return replace(
            plain, cutter=partial(self._cut, frame), measurer=partial(self._measure, frame)
        )

    @property
    def held(self) -> int:
        return sum(frame() is not None for frame in self.frames)

    def _cut(self, frame: Pixels, side_px: int | None) -> Pixels:
        self.photos += 1
        return frame[:side_px, :side_px]

    def _measure(self, frame: Pixels) -> Measures:
        self.measured += 1
        return make_measures(length_mm=float(frame.shape[0]))


def make_tracker() -> Tracker:
    return Tracker(mm_per_tick=0.5, entry_mm=-200.0, exit_mm=200.0, lane_edges_mm=())


def pass_by(tracker: Tracker, film: Film, ticks: Iterable[float]) -> list[Item]:
    """One item that lies on the reference line at tick 1000."""
    items: list[Item] = []
    for tick in ticks:
        items += tracker.follow(tick, [film.sighting((tick - 1000) * 0.5, tick)])
        tracker.develop(SIDE_PX)
    return items


def test_an_item_that_has_passed_holds_on_to_none_of_its_frames() -> None:
    film = Film()
    pass_by(make_tracker(), film, UNDECIDED)
    assert film.held == 0


def test_on_its_way_an_item_holds_on_to_the_last_frames_alone() -> None:
    film, tracker = Film(), make_tracker()
    for tick in UNDECIDED:
        pass_by(tracker, film, [tick])
        assert film.held <= VIEWS


def test_when_an_item_is_due_its_photos_and_measures_are_there() -> None:
    film, tracker = Film(), make_tracker()
    assert pass_by(tracker, film, UNDECIDED) == []
    done = film.photos, film.measured
    assert done == (VIEWS, 1)
    (item,) = tracker.finish()
    assert [view.photo(SIDE_PX).shape for view in item.views] == [(8, 8, 3)] * VIEWS
    assert (film.photos, film.measured, item.measures.length_mm) == (*done, 64.0)


def test_an_item_is_decided_just_so_when_there_was_no_time_to_work_ahead() -> None:
    ahead, late = make_tracker(), make_tracker()
    pass_by(ahead, Film(), UNDECIDED)
    film = Film()
    for tick in UNDECIDED:
        late.follow(tick, [film.sighting((tick - 1000) * 0.5, tick)])
    (one,), (other,) = ahead.finish(), late.finish()
    assert replace(one, views=()) == replace(other, views=())
    assert [view.from_reference_mm for view in one.views] == [
        view.from_reference_mm for view in other.views
    ]


def test_a_decided_item_is_remembered_without_its_frame() -> None:
    film, tracker = Film(), make_tracker()
    items = pass_by(tracker, film, range(700, 1400, 20))
    assert len(items) == 1
    items.clear()
    assert film.held == 0


def test_an_item_that_was_never_whole_is_remembered_without_its_frame() -> None:
    film, tracker = Film(), make_tracker()
    items = tracker.follow(0.0, [film.sighting(0.0, 0.0, complete=False)])
    items += tracker.finish()
    assert [item.measures.length_mm for item in items] == [64.0]
    items.clear()
    assert film.held == 0


def test_under_a_standing_belt_an_item_takes_no_frames_of_its_own() -> None:
    film, tracker = Film(), make_tracker()
    trembling = (1000 + 0.2 * (k % 3) for k in range(60))
    pass_by(tracker, film, trembling)
    assert film.held == 1
    (item,) = tracker.finish()
    assert len(item.views) == 1


def test_a_view_that_shows_an_item_alone_counts_beside_a_touching_one_of_the_same_place() -> None:
    tracker = make_tracker()
    tracker.follow(1000.0, [make_sighting(0.0, tick=1000.0, touching=True)])
    tracker.follow(1000.0, [make_sighting(0.0, tick=1000.0)])
    (item,) = tracker.finish()
    assert item.doubt is None and len(item.views) == 1


@given(
    frames=st.lists(
        st.tuples(st.integers(-60, 120), st.booleans(), st.booleans()), min_size=5, max_size=40
    )
)
def test_however_the_belt_moves_an_item_that_is_due_can_be_shown_and_measured(
    frames: list[tuple[int, bool, bool]],
) -> None:
    film, tracker, tick = Film(), make_tracker(), 700
    items: list[Item] = []
    for ticks, touching, in_time in frames:
        tick += ticks
        at_mm = (tick - 1000) * 0.5
        seen = [film.sighting(at_mm, tick, touching=touching)] if abs(at_mm) < 180 else []
        items += tracker.follow(tick, seen)
        if in_time:
            tracker.develop(SIDE_PX)
    items += tracker.finish()
    for item in items:
        assert item.measures.length_mm == 64.0
        assert [view.photo(SIDE_PX).shape for view in item.views] == [(8, 8, 3)] * len(item.views)


def test_a_developed_view_does_not_invent_what_it_did_not_keep() -> None:
    view = View(make_sighting())
    view.make_photo(SIDE_PX)
    view.let_go()
    assert view.developed
    assert view.photo(SIDE_PX).shape == (8, 8, 3)
    with pytest.raises(RuntimeError, match="not taken from its frame"):
        view.measures  # noqa: B018
