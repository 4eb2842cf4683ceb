"""From a verdict to a decision: which outlet, if any, and when it opens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from firmware_bridge.board import Outcome, Reason, Shot, ShotReport
from sorter.config import OutletConfig, SorterConfig
from sorter.decision import Decision
from sorter.dispatch.assign import Assigner
from sorter.dispatch.plan import ShotPlan
from sorter.dispatch.window import Core
from sorter.item import Item, Span
from sorter.verdict import Verdict, Why

PROMISES_KEPT = 4096
"""Shots that have not ended: more than any belt holds."""


@dataclass(slots=True, kw_only=True)
class Promise:
    """A shot that has not ended."""

    outlet: str
    lot: str
    time_s: float
    """Capture time of the frame that made its item due."""
    withdrawn: Reason | None = None


class Dispatcher:
    """Sends each item to an outlet that takes it, or lets it ride."""

    def __init__(
        self,
        config: SorterConfig,
        worth: Mapping[str, float],
        taken: Mapping[tuple[str, str], int] | None = None,
    ) -> None:
        """Take the outlets and the belt from the configuration.

        Args:
            config: of the machine.
            worth: of the grades, as the bundle tells.
            taken: see `Assigner`.
        """
        self._default = config.default_outlet.name
        self._mm_per_tick = config.belt.mm_per_tick
        self._assigner = Assigner(config, worth, taken)
        self._plan = ShotPlan(config)
        self._promised: dict[int, Promise] = {}

    def dispatch(
        self,
        item: Item,
        verdict: Verdict,
        *,
        tick: float,
        ticks_per_s: float = 0.0,
        time_s: float,
        lot: str,
        ready: bool = True,
    ) -> Decision:
        """Decide about one item.

        Args:
            item: with its belt position.
            verdict: its grade.
            tick: where the belt is now.
            ticks_per_s: how fast it runs; 0 or less where that is not known.
            time_s: capture time of the frame that made the item due.
            lot: that the item belongs to.
            ready: there is a board that takes shots.
        """
        outlet: OutletConfig | None = None
        if verdict.grade is not None:
            found = self._assigner.assign(item, verdict.grade, lot)
            if isinstance(found, OutletConfig):
                outlet = found
            elif found is not None:
                verdict = replace(verdict, grade=None, why=found)
        if outlet is not None and not ready:
            verdict, outlet = replace(verdict, grade=None, why=Why.NO_BOARD), None
        placed = self._plan.place(item, outlet, tick=tick, ticks_per_s=ticks_per_s)
        shot: Shot | None = None
        if isinstance(placed, Shot) and outlet is not None:
            shot = placed
            self._assigner.took(outlet, lot)
            self._promised[item.item_id] = Promise(outlet=outlet.name, lot=lot, time_s=time_s)
            if len(self._promised) > PROMISES_KEPT:
                del self._promised[next(iter(self._promised))]
        elif isinstance(placed, Why):
            verdict, outlet = replace(verdict, grade=None, why=placed), None
        return Decision(
            item=replace(item, views=()),
            verdict=verdict,
            outlet=self._default if outlet is None else outlet.name,
            shot=shot,
            lot=lot,
            time_s=time_s,
        )

    def release(
        self,
        tick: float,
        ticks_per_s: float,
        *,
        coming: Sequence[tuple[int, Span]] | None = None,
    ) -> list[Shot]:
        """The shots to send now, the nearest first; as `ShotPlan.release`.

        Args:
            tick: where the belt is.
            ticks_per_s: how fast it runs.
            coming: lane and place on the belt of what is in sight and not decided.
        """
        cores = None
        if coming is not None:
            cores = [
                (
                    lane,
                    Core(
                        low=-along.high_mm / self._mm_per_tick,
                        high=-along.low_mm / self._mm_per_tick,
                    ),
                )
                for lane, along in coming
            ]
        return self._plan.release(tick, ticks_per_s, coming=cores)

    def drop_all(self, reason: Reason) -> None:
        """No shot that is planned may be fired any more."""
        self._plan.drop_all(reason)

    def withdraw(self, item_ids: Sequence[int], reason: Reason, *, ticks_per_s: float) -> None:
        """These ride after all, with what shares a window with them; what has ended stays so.

        Args:
            item_ids: that were decided.
            reason: that their reports will tell.
            ticks_per_s: how fast the belt runs.
        """
        open_still = {one for one in item_ids if one in self._promised}
        for item_id in self._plan.withdraw(open_still, reason, ticks_per_s=ticks_per_s):
            if item_id in self._promised:
                self._promised[item_id].withdrawn = reason

    def withdraw_since(self, time_s: float, reason: Reason, *, ticks_per_s: float) -> None:
        """The same for everything that frames of this time and later have made due."""
        late = [one for one, promise in self._promised.items() if promise.time_s >= time_s]
        self.withdraw(late, reason, ticks_per_s=ticks_per_s)

    def take_reports(self) -> list[ShotReport]:
        """The ends of shots that the board never heard of, since the last call."""
        return self._plan.take_reports()

    def take_cancels(self) -> list[int]:
        """Items whose shots the board must not fire, since the last call."""
        return self._plan.take_cancels()

    def ended(self, report: ShotReport) -> ShotReport:
        """A shot has ended: what was not fired does not count for its outlet's quota.

        Returns:
            The report with the reason why the host cancelled the shot, where it had its own.
        """
        promise = self._promised.pop(report.item_id, None)
        if promise is None:
            return report
        if report.outcome in (Outcome.REFUSED, Outcome.CANCELLED):
            self._assigner.gave_back(promise.outlet, promise.lot)
        if promise.withdrawn is not None and report.reason is Reason.CANCEL:
            return replace(report, reason=promise.withdrawn)
        return report
