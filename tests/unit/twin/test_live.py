from __future__ import annotations

from pathlib import Path

import pytest

from sorter.camera.camera import CameraError
from sorter.config import SorterConfig
from sorter.line import Line
from sorter.records import Records
from sorter.twin.live import TwinCamera, twin_line
from sorter.twin.setup import demo_classifier, demo_config


def config(**changes: object) -> SorterConfig:
    values = demo_config().model_dump(mode="json", exclude_none=True)
    return SorterConfig.model_validate(values | {"board": {"port": "virtual"}} | changes)


def test_the_twins_camera_films_what_its_board_moves_and_the_line_sorts_it(tmp_path: Path) -> None:
    machine = config()
    classifier = demo_classifier()
    _, board = twin_line(machine, classifier.grades)
    now_s = 50.0

    def wait(wait_s: float) -> None:
        nonlocal now_s
        now_s += wait_s

    camera = TwinCamera(machine.camera, lambda: board.view, clock=lambda: now_s, wait=wait)
    with Records(tmp_path / "records.sqlite") as records, camera:
        line = Line(
            config=machine,
            classifier=classifier,
            board=board,
            records=records,
            lot="today",
            start_belt=True,
        )
        line.start(now_s)
        times_s = []
        for _ in range(220):
            capture = camera.read()
            assert capture is not None
            times_s.append(capture.time_s)
            line.step(capture, now_s)
            for _ in range(5):
                line.service(now_s)
                now_s += 0.002
        rows = list(records.items())
        board.close()

    assert len(rows) >= 3
    assert "fired" in {row.delivery for row in rows}
    assert times_s == sorted(times_s)


def test_the_twins_belt_runs_from_left_to_right_however_its_camera_is_turned() -> None:
    turned = config().camera.model_copy(update={"rotate_deg": 90})
    camera = TwinCamera(turned, lambda: None, wait=lambda wait_s: None)

    with camera:
        capture = camera.read()

    assert capture is not None
    along_px, across_px = turned.field_px
    assert capture.pixels.shape == (across_px, along_px, 3)


def test_a_real_board_cannot_run_the_twins_belt() -> None:
    with pytest.raises(CameraError, match=r"set board\.port: virtual"):
        twin_line(config(board={"port": "/dev/ttyUSB0"}), demo_classifier().grades)


def test_a_model_of_other_produce_is_refused() -> None:
    with pytest.raises(CameraError, match="the model knows other grades"):
        twin_line(config(), ("good", "bad"))
