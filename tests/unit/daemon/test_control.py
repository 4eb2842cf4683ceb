from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sorter.control_socket import ControlSocket, connect
from sorter.lot_names import lot_of_the_day
from sorter.records import Records, RecordsError
from tests.unit.daemon.stage import FRUIT_MM, Stage


@pytest.fixture
def control(tmp_path: Path) -> Iterator[ControlSocket]:
    control = ControlSocket(tmp_path / "records.sqlite.control")
    control.open()
    yield control
    control.close()


class Asking:
    """Asks the daemon something at a frame and reads the answer two frames later."""

    def __init__(self, stage: Stage, control: ControlSocket) -> None:
        self.answers: list[dict[str, Any]] = []
        self._stage = stage
        self._control = control
        self._open: list[tuple[int, socket.socket]] = []
        stage.at_frame = self._frame
        self.at: list[tuple[Callable[[], bool], object]] = []

    def _frame(self) -> None:
        for when, request in self.at[:1]:
            if when():
                self.at.pop(0)
                client = connect(self._control.path)
                client.sendall(json.dumps(request).encode() + b"\n")
                self._open.append((self._stage.frames, client))
        for asked, client in self._open[:]:
            if self._stage.frames >= asked + 2:
                self._open.remove((asked, client))
                self.answers.append(json.loads(client.recv(100_000)))
                client.close()


def test_a_lot_that_is_opened_takes_what_comes_into_view_from_then_on(
    records: Records, control: ControlSocket
) -> None:
    stage = Stage(records, control=control)
    asking = Asking(stage, control)
    stage.fruits_mm = [FRUIT_MM, FRUIT_MM + 250]
    # The first fruit is in view, the second is not.
    asking.at = [
        (lambda: stage.belt.travel_mm > FRUIT_MM - 100, {"do": "open_lot", "name": " field-7 "})
    ]
    stage.end_after_mm = FRUIT_MM + 500
    stage.daemon.run()

    assert [(row.item_id, row.lot) for row in records.items()] == [(1, "today"), (2, "field-7")]
    assert asking.answers == [{"ok": True, "lot": "field-7", "before": "today"}]
    assert "lot field-7 is open: it takes what comes into view from now on" in stage.said
    assert records.opened_lot() == "field-7"
    assert ", lot field-7" in stage.said[-1]


def test_back_to_the_lot_of_the_day(records: Records, control: ControlSocket) -> None:
    stage = Stage(records, control=control)
    asking = Asking(stage, control)
    asking.at = [
        (lambda: stage.frames == 5, {"do": "open_lot", "name": "field-7"}),
        (lambda: stage.frames == 10, {"do": "open_lot", "name": None}),
    ]
    stage.end_after_mm = 200
    stage.daemon.run()

    assert asking.answers[1] == {"ok": True, "lot": lot_of_the_day(), "before": "field-7"}
    assert records.opened_lot() is None


def test_a_lot_that_cannot_be_written_is_not_open(
    records: Records, control: ControlSocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(name: str | None) -> None:
        raise RecordsError("the disk is full")

    monkeypatch.setattr(records, "open_lot", full)
    stage = Stage(records, control=control)
    asking = Asking(stage, control)
    asking.at = [(lambda: stage.frames == 5, {"do": "open_lot", "name": "field-7"})]
    stage.end_after_mm = 200
    stage.daemon.run()

    assert asking.answers == [{"ok": False, "sentence": "the disk is full"}]
    assert stage.line.lot == "today"


def test_the_state_tells_lot_faults_and_every_count(
    records: Records, control: ControlSocket
) -> None:
    stage = Stage(records, control=control)
    asking = Asking(stage, control)
    asking.at = [(lambda: stage.belt.travel_mm > FRUIT_MM + 250, {"do": "state"})]
    stage.end_after_mm = FRUIT_MM + 400
    stage.daemon.run()

    (state,) = asking.answers
    assert (state["lot"], state["board"], state["faults"]) == ("today", True, [])
    assert state["counts"]["items"] == state["counts"]["shots"] == 1
    assert state["counts"]["reasons"] == {}


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"do": "open_lot", "name": " "}, "1 to 64 characters"),
        ({"do": "open_lot", "name": "a\nb"}, "1 to 64 characters"),
        ({"do": "open_lot", "name": 7}, "has to be text"),
        ({"do": "dance"}, "does not know how to 'dance'"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    records: Records, control: ControlSocket, request_: object, sentence: str
) -> None:
    stage = Stage(records, control=control)
    asking = Asking(stage, control)
    asking.at = [(lambda: stage.frames == 5, request_)]
    stage.end_after_mm = 200
    stage.daemon.run()

    (answer,) = asking.answers
    assert not answer["ok"] and sentence in answer["sentence"]
    assert stage.line.lot == "today"
