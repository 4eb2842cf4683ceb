"""What became of every fruit, compared with the truth about it."""

from __future__ import annotations

import enum
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from firmware_bridge.board import Outcome, ShotReport
from sorter.decision import Decision
from sorter.twin.belt import Fall
from sorter.twin.placed import Produce
from sorter.verdict import Why


class Ending(enum.Enum):
    """How one fruit's way ended; each has exactly one."""

    RIGHT = "right"
    """In the bin that takes its true grade; for the lowest grade that is the belt's end."""
    WRONG = "wrong"
    """In a shot outlet that does not take its true grade."""
    TO_DEFAULT = "to_default"
    """Decided, and rode to the belt's end, though a shot outlet takes its true grade."""
    LOST = "lost"
    """Still on the belt when the run ended, or (unless wrong) without a decision of its own or as
    part of a double."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """One fruit from load to bin."""

    produce: Produce
    decision: Decision | None
    own: str
    """The bin that takes its true grade."""
    bin: str | None
    """None when it never fell."""
    ending: Ending
    cause: str | None
    """Why it did not end right: `misclassified`, a verdict's reason, `shot_…` with the board's
    reason, `missed` (shot fired, fruit not met), `caught` (by another fruit's shot), `unseen`,
    `still_on_belt`."""


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
        """Share of the graded fruits that were sent to the bin of their true grade."""
        graded = self._graded()
        return sum(sent == own for own, sent, _ in graded) / len(graded) if graded else None

    @property
    def delivered_accuracy(self) -> float | None:
        """Share of the graded fruits that fell into the bin of their true grade."""
        graded = self._graded()
        return sum(fell == own for own, _, fell in graded) / len(graded) if graded else None

    @property
    def wrong_by_cause(self) -> dict[str, int]:
        """Fruits in a wrong bin, by cause: all but `misclassified` are a matter of timing."""
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

    def _graded(self) -> list[tuple[str, str, str | None]]:
        """Own bin, bin that it was sent to, bin that it fell into."""
        return [
            (fate.own, fate.decision.outlet, fate.bin)
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
    takes: Mapping[tuple[int, str], str],
    end: str,
    grades: Sequence[str],
    mm_per_tick: float,
) -> Score:
    """Match decisions and falls to the truth.

    Args:
        falls: what the belt dropped where.
        left: what it never dropped.
        decisions: of the pipeline.
        reports: of the board, by item id.
        takes: bin by lane and true grade; a grade without one belongs to the end.
        end: the bin at the end of the belt.
        grades: in order, for the tables.
        mm_per_tick: the true one.
    """
    bins = {fall.produce.number: fall.bin for fall in falls}
    produce = sorted([*(fall.produce for fall in falls), *left], key=lambda item: item.number)
    decided, strays = match(produce, decisions, mm_per_tick)
    decided |= _within_doubles(produce, decided, decisions, mm_per_tick)
    fates = []
    for number, item in enumerate(produce):
        decision = decided.get(number)
        bin_name = bins.get(item.number)
        own = takes.get((item.lane, item.fruit.grade), end)
        ending = _ending(bin_name, own, end, decision)
        cause = None
        if ending is not Ending.RIGHT:
            report = None if decision is None else reports.get(decision.item.item_id)
            cause = _cause(bin_name, end, decision, report)
        fates.append(
            Fate(produce=item, decision=decision, own=own, bin=bin_name, ending=ending, cause=cause)
        )
    return Score(
        grades=tuple(grades),
        bins=(*dict.fromkeys(name for name in takes.values() if name != end), end),
        fates=tuple(fates),
        strays=strays,
    )


def match(
    produce: Sequence[Produce], decisions: Sequence[Decision], mm_per_tick: float
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
            at_mm = decision.item.reference_tick * mm_per_tick
            after = bisect_left(places, at_mm)
            for place in range(max(0, after - 1), min(len(places), after + 1)):
                off_mm = abs(places[place] - at_mm)
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
    mm_per_tick: float,
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
                off_mm = abs(double.item.reference_tick * mm_per_tick - item.at_mm)
                within = off_mm <= double.item.extent_mm / 2
                beside = abs(double.item.lane - item.lane) == lanes_off
                if within and beside and (not lanes_off or holds[id(double)] < 2):
                    found[number] = double
                    holds[id(double)] += 1
                    break
    return found


def _ending(bin_name: str | None, own: str, end: str, decision: Decision | None) -> Ending:
    if bin_name is not None and bin_name not in (own, end):
        return Ending.WRONG
    if bin_name is None or decision is None:
        return Ending.LOST
    return Ending.RIGHT if bin_name == own else Ending.TO_DEFAULT


def _cause(
    bin_name: str | None, end: str, decision: Decision | None, report: ShotReport | None
) -> str:
    if bin_name is None:
        return "still_on_belt"
    if decision is None or bin_name not in (decision.outlet, end):
        return "unseen" if bin_name == end else "caught"
    if bin_name == decision.outlet:
        return "misclassified" if decision.verdict.grade else decision.verdict.why.value
    if report is None:
        return "shot_unreported"
    if report.outcome is not Outcome.FIRED:
        return f"shot_{report.reason.value}"
    return "missed"
