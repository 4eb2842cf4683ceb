from __future__ import annotations

import json
from collections import Counter

from sorter.cli.status import _lines
from sorter.line_counts import LineCounts


def test_the_counts_go_through_json_and_back() -> None:
    counts = LineCounts(items=7, reasons=Counter(unsure=2, double=1), missorts=Counter(stayed=1))

    assert LineCounts.of(json.loads(json.dumps(counts.plain()))) == counts


def test_what_another_version_counts_besides_is_left_out() -> None:
    assert LineCounts.of({"items": 7, "unheard_of": 3}) == LineCounts(items=7)


def test_what_went_well_needs_no_words() -> None:
    assert LineCounts(frames=100, items=7, shots=7).told() == []


def test_the_status_tells_every_trouble_by_its_name() -> None:
    counts = LineCounts(
        frames=100,
        frames_without_position=3,
        items=9,
        shots=5,
        reasons=Counter(unsure=2, double=1),
        unfired=Counter(late=1),
        missorts=Counter(stayed=1),
        stray_passes=4,
        stops=1,
    )
    state = {
        "machine": "line-1",
        "lot": "field-7",
        "board": True,
        "waiting_for_start": True,
        "held": False,
        "faults": ["camera_dark"],
        "skipped": 2,
        "lost": 1,
        "counts": counts.plain(),
    }

    assert _lines(state | {"held": True})[1] == "board connected, belt is held by a fault"
    assert _lines(state) == [
        "line-1: lot field-7",
        "board connected, belt waits for the start button",
        "faults: camera_dark",
        "frames: 100, 2 skipped, 1 lost, 3 without position",
        "items: 9 in 5 shots",
        "without a grade: 2 unsure, 1 double",
        "not fired: 1 late",
        "mis-sorts: 1 stayed",
        "stray passes: 4",
        "stops: 1",
    ]
