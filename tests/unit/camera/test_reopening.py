from __future__ import annotations

from collections.abc import Callable

import pytest

from sorter.camera.camera import Camera, CameraError
from sorter.camera.health import CameraFault
from sorter.camera.newest import NewestFrame
from sorter.camera.reopening import LONGEST_WAIT_S, ReopeningFrames
from sorter.frame import Capture
from tests.unit.camera.test_newest import ScriptedCamera


class Shelf:
    """Cameras that are handed out one after the other, on a clock that moves when one waits."""

    def __init__(self, *cameras: Camera | CameraError) -> None:
        self.cameras = list(cameras)
        self.opened_at_s: list[float] = []
        self.now_s = 100.0
        self.slots: list[NewestFrame] = []
        self.threads: list[Callable[[], None]] = []
        self.frames = ReopeningFrames(
            self.make, fps=50, clock=lambda: self.now_s, wait=self.wait, start=self.start
        )

    def make(self) -> Camera:
        self.opened_at_s.append(self.now_s)
        made = self.cameras.pop(0)
        if isinstance(made, CameraError):
            return Missing(made)
        return made

    def start(self, work: Callable[[], None]) -> None:
        """Reading is done by hand; opening again at once."""
        owner = getattr(work, "__self__", None)
        if isinstance(owner, NewestFrame):
            self.slots.append(owner)
        else:
            work()

    def wait(self, wait_s: float) -> None:
        self.now_s += wait_s

    def take(self, *, read: bool = True) -> Capture | None:
        if read and self.slots:
            self.slots[-1].pump()
        self.now_s += 0.02
        return self.frames.take(0.0)

    def take_for(self, duration_s: float, *, read: bool = True) -> list[Capture]:
        until_s = self.now_s + duration_s
        taken = []
        while self.now_s < until_s:
            if (capture := self.take(read=read)) is not None:
                taken.append(capture)
        return taken


class Missing(ScriptedCamera):
    def __init__(self, error: CameraError) -> None:
        super().__init__(0)
        self.missing = error

    def open(self) -> None:
        raise self.missing


GONE = CameraError("/dev/video0: the camera stopped giving frames; check its cable")


def test_a_camera_that_is_missing_at_the_start_is_an_error() -> None:
    shelf = Shelf(CameraError("there is no such camera"))

    with pytest.raises(CameraError, match="no such camera"):
        shelf.frames.open()


def test_an_unplugged_camera_is_noticed_at_once_and_opened_again_until_it_is_back() -> None:
    missing = CameraError("there is no such camera")
    shelf = Shelf(ScriptedCamera(3, GONE), missing, missing, missing, ScriptedCamera(10**6))
    shelf.frames.open()

    assert len(shelf.take_for(0.2)) == 3
    assert shelf.frames.out is not None
    assert shelf.frames.out.fault is CameraFault.UNPLUGGED
    assert "check its cable" in shelf.frames.out.sentence

    assert len(shelf.take_for(9.0)) > 50
    assert shelf.frames.out is None
    waits_s = [b - a for a, b in zip(shelf.opened_at_s[1:], shelf.opened_at_s[2:], strict=False)]
    assert waits_s == pytest.approx([1.0, 2.0, 4.0], abs=0.1)


def test_the_wait_between_attempts_has_an_end() -> None:
    missing = CameraError("there is no such camera")
    shelf = Shelf(ScriptedCamera(1, GONE), *[missing] * 12)
    shelf.frames.open()
    shelf.take_for(80)

    last = shelf.opened_at_s[-2:]
    assert last[1] - last[0] == pytest.approx(LONGEST_WAIT_S, abs=0.1)


def test_a_stalled_camera_is_noticed_within_a_second() -> None:
    shelf = Shelf(ScriptedCamera(10**6), ScriptedCamera(10**6))
    shelf.frames.open()
    shelf.take_for(1.0)
    stalled_s = shelf.now_s
    while shelf.frames.out is None:
        shelf.take(read=False)

    assert shelf.now_s - stalled_s < 1.0
    assert shelf.frames.out.fault is CameraFault.STALLED
    assert shelf.take_for(2.0)
    assert shelf.frames.out is None


def test_frames_of_all_cameras_are_counted_together() -> None:
    shelf = Shelf(ScriptedCamera(4, GONE), ScriptedCamera(10**6))
    shelf.frames.open()
    for _ in range(3):
        shelf.slots[-1].pump()
    shelf.take_for(1.0)
    before = shelf.frames.skipped
    shelf.slots[-1].pump()
    shelf.slots[-1].pump()

    assert before >= 3
    assert shelf.frames.skipped == before + 1


def test_a_driver_that_never_returns_from_opening_is_told() -> None:
    shelf = Shelf(ScriptedCamera(1, GONE), ScriptedCamera(10**6))
    shelf.frames.open()
    shelf.take_for(0.1)
    shelf.start = lambda work: None  # type: ignore[method-assign]
    shelf.frames._start = lambda work: None
    shelf.take_for(5, read=False)
    assert not shelf.frames.hanging
    shelf.take_for(40, read=False)

    assert shelf.frames.hanging
    assert len(shelf.opened_at_s) == 2


def test_a_camera_that_comes_back_after_the_end_is_closed() -> None:
    late = ScriptedCamera(10**6)
    shelf = Shelf(ScriptedCamera(1, GONE), late)
    shelf.frames.open()
    shelf.take_for(0.1)
    works: list[Callable[[], None]] = []
    shelf.frames._start = works.append  # type: ignore[assignment]
    shelf.take_for(1.0, read=False)
    shelf.frames.close()
    (opening,) = works
    opening()

    assert late.closed


def test_a_camera_whose_pictures_cannot_be_trusted_is_opened_anew_with_growing_patience() -> None:
    shelf = Shelf(*[ScriptedCamera(10**6) for _ in range(6)])
    shelf.frames.open()
    shelf.take_for(0.5)
    untrusted_s = shelf.now_s
    outs: list[tuple[float, CameraFault]] = []
    while shelf.now_s < untrusted_s + 12:
        shelf.take()
        before = shelf.frames.out
        shelf.frames.distrust("it is black")
        if shelf.frames.out is not None and before is None:
            assert shelf.frames.out.sentence == "the camera is opened anew: it is black"
            outs.append((shelf.now_s - untrusted_s, shelf.frames.out.fault))

    assert [fault for _, fault in outs] == [CameraFault.REOPENED] * 3
    assert [at_s for at_s, _ in outs] == pytest.approx([1.0, 3.0, 7.0], abs=0.1)
    assert len(shelf.opened_at_s) == 4
    shelf.take_for(1.0)
    assert shelf.frames.out is None


def test_a_camera_that_is_trusted_again_and_lost_again_is_opened_anew_soon() -> None:
    shelf = Shelf(*[ScriptedCamera(10**6) for _ in range(6)])
    shelf.frames.open()
    for _ in range(2):
        lost_s = shelf.now_s
        while shelf.frames.out is None:
            shelf.take()
            shelf.frames.distrust("it is black")
        assert shelf.now_s - lost_s == pytest.approx(1.0, abs=0.1)
        shelf.frames.distrust(None)
        shelf.take_for(2.0)


def test_what_no_camera_may_raise_on_opening_reaches_the_taker() -> None:
    class Faulty(ScriptedCamera):
        def open(self) -> None:
            raise ValueError("a driver's bug")

    shelf = Shelf(ScriptedCamera(1, GONE), Faulty(1))
    shelf.frames.open()
    with pytest.raises(ValueError, match="a driver's bug"):
        shelf.take_for(2.0)


def test_a_thread_that_is_left_behind_and_keeps_the_camera_is_told() -> None:
    class Living:
        alive = True

        def join(self, timeout: float | None = None) -> None:
            pass

        def is_alive(self) -> bool:
            return self.alive

    busy = CameraError("Camera __init__ sequence did not complete.")
    shelf = Shelf(ScriptedCamera(10**6), *[busy] * 12)
    left = Living()
    plain_start = shelf.frames._start

    def start(work: Callable[[], None]) -> Living | None:
        if isinstance(getattr(work, "__self__", None), NewestFrame):
            return left
        plain_start(work)
        return None

    shelf.frames._start = start
    shelf.frames.open()
    shelf.take_for(15, read=False)
    assert not shelf.frames.hanging
    shelf.take_for(25, read=False)
    assert shelf.frames.hanging
    left.alive = False

    assert not shelf.frames.hanging
