from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

from sorter.camera.camera import Camera, CameraError
from sorter.camera.newest import NewestFrame
from sorter.frame import Capture


class ScriptedCamera(Camera):
    """Gives frames by number, then its end or its error."""

    def __init__(self, frames: int, error: Exception | None = None) -> None:
        self.left = frames
        self.index = 0
        self.error = error
        self.closed = False

    def open(self) -> None:
        self.closed = False

    def read(self) -> Capture | None:
        if self.index == self.left:
            if self.error is not None:
                raise self.error
            return None
        self.index += 1
        return Capture(
            pixels=np.zeros((1, 1, 3), np.uint8), time_s=float(self.index), index=self.index - 1
        )

    def close(self) -> None:
        self.closed = True


def no_thread(work: Callable[[], None]) -> None:
    return None


def slot(camera: Camera) -> NewestFrame:
    newest = NewestFrame(camera, start=no_thread)
    newest.open()
    return newest


def test_a_frame_is_taken_once() -> None:
    newest = slot(ScriptedCamera(2))

    assert newest.take() is None
    newest.pump()
    taken = newest.take()
    assert taken is not None and taken.index == 0
    assert newest.take() is None


def test_the_newest_frame_wins_and_the_skipped_ones_are_counted() -> None:
    newest = slot(ScriptedCamera(9))
    for _ in range(4):
        newest.pump()

    taken = newest.take()

    assert taken is not None and taken.index == 3
    assert newest.skipped == 3


def test_the_last_frame_is_taken_before_the_end() -> None:
    newest = slot(ScriptedCamera(1))
    assert newest.pump()
    assert not newest.pump()

    assert not newest.ended
    assert newest.take() is not None
    assert newest.ended
    assert newest.take(wait_s=60) is None


@pytest.mark.parametrize("error", [CameraError("unplugged"), ValueError("a driver's bug")])
def test_an_error_reaches_the_taker_after_the_last_frame(error: Exception) -> None:
    newest = slot(ScriptedCamera(1, error))
    newest.pump()
    newest.pump()

    assert newest.take() is not None
    assert not newest.ended
    with pytest.raises(type(error), match=str(error)):
        newest.take()


def test_the_thread_reads_to_the_end_and_closes_the_camera() -> None:
    camera = ScriptedCamera(1000)
    newest = NewestFrame(camera)
    newest.open()
    taken = 0
    while not newest.ended:
        taken += newest.take(wait_s=10) is not None
    newest.close()

    assert taken >= 1
    assert taken + newest.skipped == 1000
    assert camera.closed


def test_a_camera_whose_thread_hangs_is_left_to_it() -> None:
    class Hanging:
        def join(self, timeout: float | None = None) -> None:
            assert timeout is not None

        def is_alive(self) -> bool:
            return True

    camera = ScriptedCamera(1)
    newest = NewestFrame(camera, start=lambda work: Hanging())
    newest.open()
    newest.close()

    assert not camera.closed


def test_closing_ends_the_thread_of_an_endless_camera() -> None:
    camera = ScriptedCamera(10**9)
    started: list[threading.Thread] = []

    def start(work: Callable[[], None]) -> threading.Thread:
        started.append(threading.Thread(target=work))
        started[0].start()
        return started[0]

    newest = NewestFrame(camera, start=start)
    newest.open()
    newest.take(wait_s=10)
    newest.close()

    assert not started[0].is_alive()
    assert camera.closed
