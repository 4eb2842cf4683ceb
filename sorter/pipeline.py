"""From a frame to decisions: one plain synchronous call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from firmware_bridge.board import Reason, Shot, ShotReport
from firmware_bridge.position import REBOOT_GAP_TICKS
from sorter.classifier import Classifier
from sorter.config import SorterConfig
from sorter.decision import Decision
from sorter.dispatch.belt_marks import BeltMarks
from sorter.dispatch.dispatcher import Dispatcher
from sorter.errors import SorterError
from sorter.finding.finder import Finder
from sorter.finding.from_config import make_finder
from sorter.frame import Frame
from sorter.grader import Grader
from sorter.item import Item
from sorter.jam_watch import JamWatch
from sorter.lanes import lane_edges_mm
from sorter.ruler.linear import LinearRuler
from sorter.ruler.ruler import Ruler
from sorter.tracker import Tracker
from sorter.verdict import Verdict, Why
from sorter.warm_up import warm_up

LONGEST_WAY_MM = 5_000.0
"""From one frame to the next: beyond, the board was reset and counts from elsewhere, or so long has
passed that the way tells nothing of how fast the belt is now."""


class Pipeline:
    """Finder, tracker, grader and dispatcher in a row; holds no thread and no clock."""

    def __init__(
        self,
        *,
        config: SorterConfig,
        classifier: Classifier,
        lot: str,
        ruler: Ruler | None = None,
        finder: Finder | None = None,
        collects: Callable[[Decision], bool] | None = None,
        taken: Mapping[tuple[str, str], int] | None = None,
    ) -> None:
        """Build the pipeline for one camera.

        Args:
            config: geometry and outlets.
            classifier: of the bundle in use.
            lot: name that the items are recorded under, until `open_lot`.
            ruler: of the camera; by scale and reference line unless given.
            finder: instead of the configured one.
            collects: whether a decision shall carry the photos that were judged; none does without.
            taken: what earlier runs count for the quotas, by (outlet, lot).
        """
        camera = config.camera
        ruler = ruler or LinearRuler(camera)
        along_px, across_px = camera.field_px
        self._field_px = camera.field_px
        self._finder = finder or make_finder(config, classifier.bundle, ruler)
        middle_px = (across_px - 1) / 2
        ends_px = np.array([[-0.5, middle_px], [along_px - 0.5, middle_px]], np.float32)
        entry_mm, exit_mm = ruler.belt_mm(ends_px)[:, 0].tolist()
        self._tracker = Tracker(
            mm_per_tick=config.belt.mm_per_tick,
            entry_mm=entry_mm,
            exit_mm=exit_mm,
            lane_edges_mm=lane_edges_mm(config, ruler),
        )
        self._jam = JamWatch()
        self._ruler = ruler
        self._grader = Grader(classifier)
        worth = {grade.name: grade.worth for grade in classifier.bundle.manifest.grades}
        self._dispatcher = Dispatcher(config, worth, taken)
        self._collects = collects
        self._marks = BeltMarks(mm_per_tick=config.belt.mm_per_tick, entry_mm=entry_mm, lot=lot)
        self.blind_frames = 0
        """Frames in which the items could not be told from the belt."""
        self._mm_per_tick = config.belt.mm_per_tick
        self._tick = 0.0
        self._time_s = 0.0
        self._ticks_per_s = 0.0
        self._seen = False

    @property
    def glints(self) -> int:
        """Places that looked like an item in a single frame: what was there, nobody knows."""
        return self._tracker.glints

    @property
    def light(self) -> tuple[float, float, float] | None:
        """Level of the empty belt in the last frame, by channel; None where nobody knows."""
        return self._finder.light

    @property
    def slid(self) -> int:
        """Items that did not keep their place on the belt."""
        return self._tracker.slid

    @property
    def jammed(self) -> bool:
        """Something holds an item in view while the belt runs on; until the belt stands."""
        return self._jam.jammed

    def step(self, frame: Frame, *, ready: bool = True) -> list[Decision]:
        """Take in one frame; return a decision for every item that is due now, in belt order.

        The shots themselves come from `release`: neighbours may still join them.

        Args:
            frame: of the configured size.
            ready: there is a board that takes shots.

        Raises:
            SorterError: the frame is not of the configured size, so mm_per_px cannot hold.
        """
        height, width = frame.pixels.shape[:2]
        if (width, height) != self._field_px:
            raise SorterError(
                f"the camera delivers {width} pixels along the belt and {height} across it, but "
                f"the configuration says {self._field_px[0]} and {self._field_px[1]}; "
                f"set camera.width and camera.height to what it delivers and calibrate again"
            )
        jump_ticks = frame.tick - self._tick
        if self._seen and jump_ticks >= REBOOT_GAP_TICKS:
            # The board was reset, and stops the belt when it is.
            self._tracker.move_count(jump_ticks * self._mm_per_tick)
        frame = replace(frame, speed_mm_per_s=self._speed_mm_per_s(frame))
        self._ticks_per_s = frame.speed_mm_per_s / self._mm_per_tick
        self._tick, self._time_s, self._seen = frame.tick, frame.time_s, True
        sightings = self._finder.find(frame)
        blind = self._finder.blind
        self.blind_frames += blind
        due = self._tracker.follow(frame.tick, sightings, blind=blind)
        self._jam.see(self._tracker.jammed, frame.time_s, frame.tick * self._mm_per_tick)
        slid = self._tracker.take_slid()
        if slid:
            self._dispatcher.withdraw(slid, Reason.SLID, ticks_per_s=self._ticks_per_s)
        return self._decide(due, ready)

    def _speed_mm_per_s(self, frame: Frame) -> float:
        """By the belt's way since the frame before; 0 where nothing is known of it."""
        passed_s = frame.time_s - self._time_s
        if not self._seen or passed_s <= 0:
            return 0.0
        way_mm = (frame.tick - self._tick) * self._mm_per_tick
        return way_mm / passed_s if abs(way_mm) <= LONGEST_WAY_MM else 0.0

    def finish(self, *, ready: bool = True) -> list[Decision]:
        """Decide the items that are still in view when there are no more frames."""
        return self._decide(self._tracker.finish(), ready)

    @property
    def ticks_per_s(self) -> float:
        """Of the belt, by the last two frames; negative while it runs back."""
        return self._ticks_per_s

    def release(self) -> list[Shot]:
        """The shots to send after a frame, the nearest first; the others wait for neighbours."""
        coming = self._tracker.coming()
        return self._dispatcher.release(self._tick, self._ticks_per_s, coming=coming)

    def warm_up(self) -> None:
        """Make the first item as quick to decide as all others; call before frames come."""
        warm_up(self._grader, self._ruler, self._field_px)

    def work_ahead(self) -> None:
        """Do some of what the next decisions will need; call once a frame, after `release`."""
        self._tracker.develop(self._grader.size_px)

    def release_urgent(self, tick: float) -> list[Shot]:
        """The shots that cannot wait for another frame.

        Args:
            tick: where the belt is now.
        """
        return self._dispatcher.release(tick, self._ticks_per_s)

    def take_reports(self) -> list[ShotReport]:
        """The ends of shots that were never released, since the last call."""
        return self._dispatcher.take_reports()

    def take_cancels(self) -> list[int]:
        """Items whose released shots must not be fired, since the last call."""
        return self._dispatcher.take_cancels()

    def ended(self, report: ShotReport) -> ShotReport:
        """A shot has ended; the report is returned with the reason that the records shall tell."""
        return self._dispatcher.ended(report)

    @property
    def lot(self) -> str:
        """Name of the open lot."""
        return self._marks.lot

    def open_lot(self, name: str, tick: float) -> None:
        """What enters the field of view from now on is recorded under another lot."""
        self._marks.open_lot(name, tick)

    def distrust(self, tick: float) -> None:
        """Hands may be on the belt: what is in or past the camera's view rides to the end."""
        self._marks.touched(tick)
        self._dispatcher.drop_all(Reason.STOPPED)

    def give_up(self) -> None:
        """The run ends: no shot that is planned may be fired any more."""
        self._dispatcher.drop_all(Reason.STOPPED)

    def doubt(self, tick: float) -> None:
        """What the camera sees now is not to be trusted: it rides to the end."""
        self._marks.doubtful(tick)

    def withdraw_since(self, time_s: float) -> None:
        """What frames of this time and later have decided was in doubt: what can still, rides."""
        self._dispatcher.withdraw_since(time_s, Reason.CAMERA, ticks_per_s=self._ticks_per_s)

    def _decide(self, items: Sequence[Item], ready: bool) -> list[Decision]:
        if not items:
            return []
        return [
            self._with_photos(
                item,
                self._dispatcher.dispatch(
                    item,
                    self._doubted(item, verdict),
                    tick=self._tick,
                    ticks_per_s=self._ticks_per_s,
                    time_s=self._time_s,
                    lot=self._marks.lot_of(item),
                    ready=ready,
                ),
            )
            for item, verdict in zip(items, self._grader.judge(items), strict=True)
        ]

    def _with_photos(self, item: Item, decision: Decision) -> Decision:
        if self._collects is None or not self._collects(decision):
            return decision
        photos = tuple(photo.copy() for photo in self._grader.photos(item))
        return replace(decision, photos=photos)

    def _doubted(self, item: Item, verdict: Verdict) -> Verdict:
        if self._marks.may_have_moved(item):
            return replace(verdict, grade=None, why=Why.STOPPED)
        if self._marks.is_doubtful(item):
            return replace(verdict, grade=None, why=Why.CAMERA)
        return verdict if item.doubt is None else replace(verdict, grade=None, why=item.doubt)
