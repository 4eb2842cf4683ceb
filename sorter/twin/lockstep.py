"""Plant, board and pipeline stepped together on one clock, the plant's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from numpy.random import default_rng

from firmware_bridge.board import BoardEvent, BoardFault, BoardLost, ShotReport
from sorter.config import CameraConfig
from sorter.decision import Decision
from sorter.frame import Capture, Frame
from sorter.line import Line
from sorter.twin.belt import Belt
from sorter.twin.lighting import Imaging
from sorter.twin.pace import flat_out
from sorter.twin.scene import Scene
from sorter.twin.script import BeltScript

SERVICE_US = 2_000
"""Time between two calls of the line's `service`."""
LATENCY_US = 12_000
"""From the middle of an exposure until the pipeline has the frame; less than a frame's time."""
STALL_US = 5_000_000
"""A belt that has stood this long with fruit on it, and is not held by the script, will not start
again by itself."""
AFTERMATH_US = 300_000
"""Time given to the last reports, once the belt is empty."""


@dataclass(slots=True, kw_only=True)
class Log:
    """What the run has brought so far."""

    decisions: list[Decision] = field(default_factory=list)
    reports: dict[int, ShotReport] = field(default_factory=dict)
    """By item id."""
    other_events: list[BoardEvent] = field(default_factory=list)
    frames: int = 0
    """That the pipeline was given."""
    dropped: int = 0
    """Frames that were lost on their way to it."""
    stalled: bool = False
    """The belt stood still for so long that the run was given up."""

    @property
    def board_losses(self) -> list[str]:
        """Why the board was lost, each time that it was."""
        return [event.why for event in self.other_events if isinstance(event, BoardLost)]

    @property
    def board_faults(self) -> list[str]:
        """Names of the faults that stand, and then of those that have come and gone."""
        standing: dict[str, bool] = {}
        for event in self.other_events:
            if isinstance(event, BoardFault):
                standing[event.name] = event.active
        names = sorted(standing, key=lambda name: not standing[name])
        return [name if standing[name] else f"{name} (over)" for name in names]


class Lockstep:
    """Same load, seed and code: the same result to the item, however fast the computer is."""

    def __init__(
        self,
        *,
        line: Line,
        belt: Belt,
        scene: Scene,
        camera: CameraConfig,
        script: BeltScript | None = None,
        imaging: Imaging | None = None,
        pace: Callable[[float], None] = flat_out,
        watch: Callable[[Frame, Log], None] = lambda frame, log: None,
    ) -> None:
        """Join the parts.

        Args:
            line: the real pipeline with its board, not yet started.
            belt: around the same board.
            scene: what the camera sees.
            camera: its frame rate.
            script: when the operator stops the belt.
            imaging: the share of frames that are lost on their way.
            pace: called with the plant's time before each service; may sleep to keep real time.
            watch: called after each frame, with the true belt position at its exposure.
        """
        self._line = line
        self._belt = belt
        self._scene = scene
        self._frame_us = round(1e6 / camera.fps)
        self._script = script or BeltScript()
        self._imaging = imaging or Imaging()
        self._drops = default_rng([self._imaging.seed, 2])
        self._belt_wanted = True
        self._pace = pace
        self._watch = watch
        self.log = Log()

    def run(self) -> Log:
        """Run until every fruit has fallen, or the belt stands for good."""
        self._line.start(self._now_s)
        next_frame_us = self._belt.now_us + self._frame_us
        moved_us, travel_mm = self._belt.now_us, self._belt.travel_mm
        while self._belt.on_belt and not self.log.stalled:
            self._run_to(next_frame_us)
            self._frame(next_frame_us)
            next_frame_us += self._frame_us
            held = self._script.holds_belt(self._now_s)
            if self._belt.travel_mm != travel_mm or held:
                moved_us, travel_mm = self._belt.now_us, self._belt.travel_mm
            self.log.stalled = self._belt.now_us - moved_us > STALL_US
        self.log.decisions += self._line.finish(self._now_s)
        self._run_to(self._belt.now_us + AFTERMATH_US)
        return self.log

    @property
    def _now_s(self) -> float:
        return self._belt.now_us / 1e6

    def _frame(self, exposed_us: int) -> None:
        placed = [laid.placed for laid in self._belt.on_belt]
        time_s = exposed_us / 1e6
        frame = Frame(
            pixels=self._scene.render(
                self._belt.travel_mm, time_s, placed, self._belt.speed_mm_per_s
            ),
            time_s=time_s,
            tick=self._belt.encoder_mm / self._belt.machine.mm_per_tick,
            index=self.log.frames + self.log.dropped,
        )
        capture = Capture(pixels=frame.pixels, time_s=time_s, index=frame.index)
        self._run_to(exposed_us + LATENCY_US)
        if self._imaging.dropped and self._drops.random() < self._imaging.dropped:
            self.log.dropped += 1
            return
        self.log.decisions += self._line.step(capture, self._now_s)
        self.log.frames += 1
        self._watch(frame, self.log)

    def _run_to(self, until_us: int) -> None:
        while self._belt.now_us < until_us:
            self._belt.run(min(until_us, self._belt.now_us + SERVICE_US))
            self._pace(self._now_s)
            self._operate()
            for event in self._line.service(self._now_s):
                if isinstance(event, ShotReport):
                    self.log.reports[event.item_id] = event
                else:
                    self.log.other_events.append(event)

    def _operate(self) -> None:
        wanted = self._script.wants_belt(self._now_s)
        if wanted != self._belt_wanted:
            self._belt_wanted = wanted
            if wanted:
                self._line.run_belt(self._now_s)
            else:
                self._line.stop_belt(self._now_s)
