from __future__ import annotations

from sorter.jam_watch import JamWatch


def test_a_jam_lasts_though_the_finder_has_come_to_take_it_for_a_part_of_the_belt() -> None:
    watch = JamWatch()
    for frame in range(60):
        watch.see(frame == 10, frame / 30, 10.0 * frame)
        assert watch.jammed == (frame >= 10)


def test_a_jam_is_over_when_the_belt_stands_and_is_back_when_it_runs_and_nothing_was_done() -> None:
    watch = JamWatch()
    watch.see(True, 0.0, 0.0)
    watch.see(True, 1.0, 0.5)
    assert watch.jammed
    watch.see(True, 2.5, 0.6)
    assert not watch.jammed
    watch.see(True, 2.6, 5.0)
    assert watch.jammed
