"""The pipeline on a recording instead of a camera: no board, no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sorter.camera.file_camera import FileCamera
from sorter.classifier import Classifier
from sorter.config import BeltConfig, CameraConfig, OutletConfig, SorterConfig
from sorter.decision import Decision
from sorter.errors import SorterError
from sorter.frame import Capture, Frame
from sorter.pipeline import Pipeline
from sorter.ruler.from_config import ruler_from_config

BELT_LENGTH_MM = 1500.0
STILL_JUMP_MM = 10_000.0
"""Belt travel between two frames that show other items: beyond any field of view and memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One decided item and the frame that decided it."""

    frame: str
    """Name of the frame."""
    decision: Decision


class Replay:
    """Runs a recording through a pipeline of its own."""

    def __init__(
        self,
        *,
        config: Callable[[Capture], SorterConfig],
        classifier: Classifier,
        lot: str,
        still: bool = False,
    ) -> None:
        """Prepare a replay.

        Args:
            config: the machine, given the first frame.
            classifier: of the bundle.
            lot: name that the items are recorded under.
            still: every frame shows other items than the one before.
        """
        self.frames = 0
        """Frames that went through so far."""
        self._config = config
        self._classifier = classifier
        self._lot = lot
        self._still = still

    def run(self, camera: FileCamera) -> Iterator[Replayed]:
        """Every item of an open recording, as it is decided.

        Raises:
            SorterError: the recording is damaged, or its frames do not fit the config.
        """
        pipeline: Pipeline | None = None
        ticks_per_s = still_ticks = 0.0
        while (capture := camera.read()) is not None:
            if pipeline is None:
                config = self._config(capture)
                pipeline = Pipeline(
                    config=config,
                    classifier=self._classifier,
                    lot=self._lot,
                    ruler=ruler_from_config(config.camera),
                )
                ticks_per_s = config.belt.speed_mm_per_s / config.belt.mm_per_tick
                still_ticks = STILL_JUMP_MM / config.belt.mm_per_tick
            if self._still:
                tick = capture.index * still_ticks
            elif camera.tick is not None:
                tick = camera.tick
            else:
                tick = capture.time_s * ticks_per_s
            self.frames += 1
            decisions = pipeline.step(
                Frame(pixels=capture.pixels, time_s=capture.time_s, tick=tick, index=capture.index)
            )
            if self._still:
                decisions += pipeline.finish()
            # There is no board to send them to, but the plan goes on.
            pipeline.release()
            pipeline.work_ahead()
            for decision in decisions:
                yield Replayed(frame=camera.name, decision=decision)
        if pipeline is not None:
            for decision in pipeline.finish():
                yield Replayed(frame=camera.name, decision=decision)


def bare_config(
    capture: Capture, *, mm_per_px: float, belt_mm_per_s: float, grades: list[str]
) -> SorterConfig:
    """A machine without outlets: the end of the belt takes every grade.

    Raises:
        SorterError: the frame is too small or too large for a camera.
    """
    height, width = capture.pixels.shape[:2]
    if not (64 <= width <= 4096 and 64 <= height <= 4096):
        raise SorterError(
            f"the frames have {width} x {height} pixels; sides of 64 to 4096 pixels can be replayed"
        )
    return SorterConfig(
        camera=CameraConfig(source="file", width=width, height=height, mm_per_px=mm_per_px),
        belt=BeltConfig(length_mm=BELT_LENGTH_MM, speed_mm_per_s=belt_mm_per_s),
        outlets=[OutletConfig(name="end", default=True, grades=grades)],
    )
