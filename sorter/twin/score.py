"""What became of every fruit, compared with the truth about it."""

from __future__ import annotations

import enum
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from firmware_bridge.board import Outcome, ShotReport
from sorter.config import OutletConfig
from sorter.decision import Decision
from sorter.twin.belt import Fall
from sorter.twin.placed import Produce
from sorter.twin.takers import Takers
from sorter.verdict import Why

JUDGED = frozenset({"misclassified", "missized"})
"""Causes of a wrong bin that the item was sent to; all others are a matter of timing."""


class Ending(enum.Enum):
    """How one fruit's way ended; each has exactly one."""

    RIGHT = "right"
    """In an outlet that it was sent to and that takes its true grade and size, or at the belt's end
    where none does."""
    WRONG = "wrong"
    """In a shot outlet that does not take it, or that it was not sent to."""
    TO_DEFAULT = "to_default"
    """Decided, and rode to the belt's end, though a shot outlet takes it."""
    LOST = "lost"
    """Still on the belt when the run ended, or (unless wrong) without a decision of its own or as
    part of a double."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """One fruit from load to bin."""

    produce: Produce
    decision: Decision | None
    own: frozenset[str]
    """The bins that take its true grade and size; see `Takers`."""
    bin: str | None
    """None when it never fell."""
    ending: Ending
    cause: str | None
    """Why it did not end right: `misclassified`, `missized` (true grade, wrong outlet for its
    size), a verdict's reason, `shot_…` with the board's reason, `missed` (shot fired, fruit not
    met), `caught` (by another fruit's shot), `unseen`, `still_on_belt`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """All fates of a run, and how they add up."""

    grades: tuple[str, ...]
    bins: tuple[str, ...]
    fates: tuple[Fate, ...]
    strays: int
    """Decisions about something where no fruit was."""

    def count(self, ending: Ending) -> int:
        """Fruits that ended so."""
        return sum(fate.ending is ending for fate in self.fates)

    @property
    def by_cause(self) -> dict[str, int]:
        """Fruits that did not end right, by cause, most frequent first."""
        causes = Counter(fate.cause for fate in self.fates if fate.cause is not None)
        return dict(causes.most_common())

    @property
    def classifier_accuracy(self) -> float | None:
        """Share of the classified fruits, no doubles, whose likeliest grade is the true one."""
        guessed = [(truth, said) for truth, said in self._guesses() if said is not None]
        if not guessed:
            return None
        return sum(truth == said for truth, said in guessed) / len(guessed)

    @property
    def decided_accuracy(self) -> float | None:
        """Share of the graded fruits that were sent to a bin of their own."""
        sent = [decision.outlet in fate.own for fate, decision in self._graded()]
        return sum(sent) / len(sent) if sent else None

    @property
    def delivered_accuracy(self) -> float | None:
        """Share of the graded fruits that ended right."""
        right = [fate.ending is Ending.RIGHT for fate, _ in self._graded()]
        return sum(right) / len(right) if right else None

    @property
    def wrong_by_cause(self) -> dict[str, int]:
        """Fruits in a wrong bin, by cause: all but those of `JUDGED` are a matter of timing."""
        causes = Counter(
            fate.cause for fate in self.fates if fate.ending is Ending.WRONG and fate.cause
        )
        return dict(causes.most_common())

    @property
    def confusion(self) -> list[list[int]]:
        """Rows the true grade, columns the likeliest one of what is no double; as `grades`."""
        counts = Counter(self._guesses())
        return [[counts[truth, said] for said in self.grades] for truth in self.grades]

    @property
    def into_bins(self) -> list[list[int]]:
        """Rows the true grade, columns the bin it fell into; as `grades` and `bins`."""
        counts = Counter((fate.produce.fruit.grade, fate.bin) for fate in self.fates)
        return [[counts[truth, bin_name] for bin_name in self.bins] for truth in self.grades]

    def _graded(self) -> list[tuple[Fate, Decision]]:
        return [
            (fate, fate.decision)
            for fate in self.fates
            if fate.decision is not None and fate.decision.verdict.grade is not None
        ]

    def _guesses(self) -> list[tuple[str, str | None]]:
        return [
            (fate.produce.fruit.grade, fate.decision.verdict.best_guess)
            for fate in self.fates
            if fate.decision is not None and fate.decision.verdict.why is not Why.DOUBLE
        ]


def score(
    *,
    falls: Sequence[Fall],
    left: Sequence[Produce],
    decisions: Sequence[Decision],
    reports: Mapping[int, ShotReport],
    outlets: Sequence[OutletConfig],
    grades: Sequence[str],
    at_mm: Callable[[float], float],
) -> Score:
    """Match decisions and falls to the truth.

    Args:
        falls: what the belt dropped where.
        left: what it never dropped.
        decisions: of the pipeline.
        reports: of the board, by item id.
        outlets: all of the machine.
        grades: in order, for the tables.
        at_mm: how far the belt had truly run at a tick.
    """
    takers = Takers(outlets)
    end = takers.end
    bins = {fall.produce.number: fall.bin for fall in falls}
    produce = sorted([*(fall.produce for fall in falls), *left], key=lambda item: item.number)
    decided, strays = match(produce, decisions, at_mm)
    decided |= _within_doubles(produce, decided, decisions, at_mm)
    fates = []
    for number, item in enumerate(produce):
        decision = decided.get(number)
        bin_name = bins.get(item.number)
        own = takers.own(item, None if decision is None else decision.item.measures)
        ending = _ending(bin_name, own, end, decision)
        cause = None
        if ending is not Ending.RIGHT:
            report = None if decision is None else reports.get(decision.item.item_id)
            cause = _cause(bin_name, end, item.fruit.grade, decision, report)
        fates.append(
            Fate(produce=item, decision=decision, own=own, bin=bin_name, ending=ending, cause=cause)
        )
    return Score(
        grades=tuple(grades),
        bins=takers.bins,
        fates=tuple(fates),
        strays=strays,
    )


def match(
    produce: Sequence[Produce], decisions: Sequence[Decision], at_mm: Callable[[float], float]
) -> tuple[dict[int, Decision], int]:
    """Find each decision's fruit: the nearest in its lane, within half the mean pitch.

    Returns:
        Decision by the fruit's place in the load, and how many decisions had no fruit.
    """
    offers: list[tuple[float, int, Decision]] = []
    for lane in {item.lane for item in produce}:
        numbers = [number for number, item in enumerate(produce) if item.lane == lane]
        places = [produce[number].at_mm for number in numbers]
        pitch_mm = (places[-1] - places[0]) / (len(places) - 1) if len(places) > 1 else 200.0
        for decision in decisions:
            if decision.item.lane != lane:
                continue
            place_mm = at_mm(decision.item.reference_tick)
            after = bisect_left(places, place_mm)
            for place in range(max(0, after - 1), min(len(places), after + 1)):
                off_mm = abs(places[place] - place_mm)
                if off_mm <= pitch_mm / 2:
                    offers.append((off_mm, numbers[place], decision))
    matched: dict[int, Decision] = {}
    served: set[int] = set()
    for _, number, decision in sorted(offers, key=lambda offer: offer[:2]):
        if number not in matched and id(decision) not in served:
            matched[number] = decision
            served.add(id(decision))
    return matched, len(decisions) - len(matched)


def _within_doubles(
    produce: Sequence[Produce],
    decided: Mapping[int, Decision],
    decisions: Sequence[Decision],
    at_mm: Callable[[float], float],
) -> dict[int, Decision]:
    """The fruits without a decision of their own that were seen and counted as part of a double.

    It may lie across the border of two lanes, if its own lane holds but one of its fruits.
    """
    doubles = [one for one in decisions if one.verdict.why is Why.DOUBLE]
    holds = Counter(id(decision) for decision in decided.values())
    found: dict[int, Decision] = {}
    for lanes_off in (0, 1):
        for number, item in enumerate(produce):
            for double in () if number in decided or number in found else doubles:
                off_mm = abs(at_mm(double.item.reference_tick) - item.at_mm)
                within = off_mm <= double.item.extent_mm / 2
                beside = abs(double.item.lane - item.lane) == lanes_off
                if within and beside and (not lanes_off or holds[id(double)] < 2):
                    found[number] = double
                    holds[id(double)] += 1
                    break
    return found


def _ending(
    bin_name: str | None, own: frozenset[str], end: str, decision: Decision | None
) -> Ending:
    sent_to = None if decision is None else decision.outlet
    if bin_name is not None and bin_name != end and (bin_name not in own or bin_name != sent_to):
        # Of its own kind, yet found by nobody: a fruit that was never seen is lost, not wrong.
        return Ending.LOST if decision is None and bin_name in own else Ending.WRONG
    if bin_name is None or decision is None:
        return Ending.LOST
    return Ending.RIGHT if bin_name in own else Ending.TO_DEFAULT


def _cause(
    bin_name: str | None,
    end: str,
    grade: str,
    decision: Decision | None,
    report: ShotReport | None,
) -> str:
    if bin_name is None:
        return "still_on_belt"
    if decision is None or bin_name not in (decision.outlet, end):
        return "unseen" if bin_name == end else "caught"
    if bin_name == decision.outlet:
        if decision.verdict.grade is None:
            return decision.verdict.why.value
        return "missized" if decision.verdict.grade == grade else "misclassified"
    if report is None:
        return "shot_unreported"
    if report.outcome is not Outcome.FIRED:
        return f"shot_{report.reason.value}"
    return "missed"
