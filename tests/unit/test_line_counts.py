from __future__ import annotations

import json
from collections import Counter

import pytest

from firmware_bridge.codes import FAULT_BITS
from sorter.cli.status import BOARD_STOPS, _board, _lines
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

    assert _lines(state) == [
        "line-1: lot field-7",
        "board connected, belt waits for the start button",
        "faults: camera_dark",
        "frames: 100, 2 skipped, 1 lost, 3 without position",
        "items: 9, shots: 5 (neighbours may share one)",
        "without a grade: 2 unsure, 1 double",
        "not fired: 1 late",
        "mis-sorts: 1 stayed",
        "stray passes: 4",
        "stops: 1",
    ]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "board connected, belt may run"),
        ({"waiting_for_start": True}, "board connected, belt waits for the start button"),
        ({"held": True}, "board connected, belt is held by a fault"),
        ({"faults": ["bin_full", "estop"]}, "board connected, belt is held by a fault"),
        ({"board": False}, "board NOT connected: it stops the belt by itself"),
    ],
)
def test_the_status_tells_why_the_belt_stands(changed: dict[str, object], said: str) -> None:
    state = {"board": True, "waiting_for_start": False, "held": False, "faults": ["camera_dirty"]}
    assert _board(state | changed) == said
    assert set(FAULT_BITS) - {"bin_full", "settings", "watchdog"} == BOARD_STOPS
