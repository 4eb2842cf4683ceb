"""The twin in real time for `sorter run`: the virtual board's belt carries fruit, and is filmed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from numpy.random import Generator, default_rng

from sorter.board_from_config import VIRTUAL
from sorter.camera.camera import Camera, CameraError
from sorter.config import CameraConfig, SorterConfig
from sorter.frame import Capture, Pixels
from sorter.twin.crops import CROPS
from sorter.twin.fruit import Crop
from sorter.twin.load import load
from sorter.twin.placed import Laid, Placed
from sorter.twin.scene import Scene

if TYPE_CHECKING:
    from sorter.virtual_line import VirtualLineBoard

SEED = 1
RUN_UP_MM = 60.0
"""Empty belt before the first fruit comes into sight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeltView:
    """What lies where at some moment; made by the thread that moves the belt."""

    time_s: float
    """On the caller's clock."""
    travel_mm: float
    placed: tuple[Placed, ...]


class Scenery(Protocol):
    """Draws what the camera sees."""

    def render(self, travel_mm: float, time_s: float, items: Iterable[Placed]) -> Pixels:
        """See `Scene.render`."""
        ...


class TwinCamera(Camera):
    """Films the belt of the virtual board at the configured rate.

    However the config turns the camera: what it delivers is turned already, and the belt runs from
    left to right.
    """

    def __init__(
        self,
        config: CameraConfig,
        view: Callable[[], BeltView | None],
        *,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
        scenery: Callable[[CameraConfig], Scenery] | None = None,
    ) -> None:
        """Describe the camera.

        Args:
            config: its rate, size and scale.
            view: the belt as it is now; None before it is there.
            clock: monotonic, seconds.
            wait: sleeps for some seconds.
            scenery: makes what is filmed; a belt under a lamp unless given.
        """
        self._config = as_delivered(config)
        self._scenery = scenery or (lambda camera: Scene(camera, default_rng(SEED)))
        self._view = view
        self._clock = clock
        self._wait = wait
        self._scene: Scenery | None = None
        self._due_s = 0.0
        self._index = 0

    def open(self) -> None:
        """Put the lamp on."""
        self._scene = self._scenery(self._config)
        self._due_s = self._clock()
        self._index = 0

    def read(self) -> Capture | None:
        """Wait until the next frame is due."""
        if self._scene is None:
            raise CameraError("the twin's camera is not open")
        now_s = self._clock()
        if self._due_s > now_s:
            self._wait(self._due_s - now_s)
        # A computer too slow for the rate films more slowly.
        self._due_s = max(self._due_s, now_s) + 1 / self._config.fps
        view = self._view() or BeltView(time_s=self._clock(), travel_mm=0.0, placed=())
        pixels = self._scene.render(view.travel_mm, view.time_s, view.placed)
        self._index += 1
        return Capture(pixels=pixels, time_s=view.time_s, index=self._index - 1)

    def close(self) -> None:
        """Put the lamp out."""
        self._scene = None


def twin_line(
    config: SorterConfig, grades: Sequence[str], clock: Callable[[], float] = time.monotonic
) -> tuple[TwinCamera, VirtualLineBoard]:
    """A camera over a loaded belt, and the virtual board that runs it.

    Args:
        config: of the machine.
        grades: of the model.
        clock: monotonic, seconds; that of the daemon as well.

    Raises:
        CameraError: the board is not the virtual one, or the model is about other produce.
    """
    from sorter.virtual_line import VirtualLineBoard

    if config.board.port != VIRTUAL:
        raise CameraError(
            "camera.source twin: a simulated belt cannot be run by a real board; "
            "set board.port: virtual"
        )
    board = VirtualLineBoard(config, endless_load(config, grades))
    return TwinCamera(config.camera, lambda: board.view, clock=clock), board


def endless_load(config: SorterConfig, grades: Sequence[str]) -> Iterator[Laid]:
    """Fruit of the model's grades, for as long as anybody looks.

    Raises:
        CameraError: the model knows other grades than any produce of the twin has.
    """
    crop = next((crop for crop in CROPS.values() if set(crop.grade_names) == set(grades)), None)
    if crop is None:
        raise CameraError(
            "camera.source twin: the model knows other grades than the twin's produce has; "
            "set model.path to a model of rendered photos ('sorter-train synth')"
        )
    camera = as_delivered(config.camera)
    choice, growth = (default_rng([SEED, stream]) for stream in range(2))
    return load(
        _any_grades(crop, choice),
        camera,
        growth,
        first_mm=camera.reference_mm + RUN_UP_MM,
        crop=crop,
    )


def as_delivered(camera: CameraConfig) -> CameraConfig:
    """A camera whose frames need no turning any more."""
    along_px, across_px = camera.field_px
    turned = {"width": along_px, "height": across_px, "rotate_deg": 0}
    return camera.model_copy(update=turned)


def _any_grades(crop: Crop, rng: Generator) -> Iterator[str]:
    while True:
        yield crop.grade_names[int(rng.integers(len(crop.grade_names)))]
