"""Belt to bin in lockstep with the firmware in simavr, at 80 % of the full rates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmarks.line.cores import on_all_cores
from benchmarks.line.machines import benches
from benchmarks.line.scale import scaled
from benchmarks.report import Report
from sorter.twin.demo import Demo, make_board, record_digest
from sorter.twin.score import Ending, Fate, Score
from sorter.twin.script import BeltScript
from sorter.verdict import Why
from training.intervals import wilson

RATE = 0.8
ITEMS = scaled(2_000, 100)
SEED = 1
TROUBLE_AT_S = scaled((3, 25, 45), (3,))
"""The first, the middle and the last third of the run."""
SCRIPT = ",".join(f"stop@{at}:2,reverse@{at + 5}:100,slow@{at + 9}:3" for at in TROUBLE_AT_S)
ALLOWED = {"unsure", "double", "misclassified"}
"""Why an item may ride to the default outlet: doubt, or the classifier said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is told of one run."""

    digest: str
    mistimed: int
    """Items in a wrong bin that the classifier did not send there."""
    late: int
    """Items whose shot could not be sent, or was refused, in time."""
    otherwise: float
    """Share of the items that rode to the default outlet for no allowed reason."""
    lost: int
    """Items without a decision, and decisions without an item."""
    graded: int
    decided: float
    """Share of the graded that were sent to the bin of their true grade."""
    delivered: float
    """Share of the graded that fell into it."""
    by_cause: dict[str, int]

    @classmethod
    def of(cls, score: Score, digest: str) -> Told:
        """Sum up a run."""
        fates, causes = score.fates, Counter(score.by_cause)
        decided, delivered = score.decided_accuracy, score.delivered_accuracy
        assert decided is not None and delivered is not None
        return cls(
            digest=digest,
            mistimed=sum(n for why, n in score.wrong_by_cause.items() if why != "misclassified"),
            late=causes[Why.TOO_LATE.value] + causes["shot_late"],
            otherwise=sum(map(_rode_otherwise, fates)) / len(fates),
            lost=score.count(Ending.LOST) + score.strays,
            graded=sum(1 for fate in fates if fate.decision and fate.decision.verdict.grade),
            decided=decided,
            delivered=delivered,
            by_cause=score.by_cause,
        )


def measure(report: Report) -> None:
    """Run each machine twice alike, and once with a belt that stops, turns back and slows."""
    names = [bench.name for bench in benches()]
    jobs = [(k, script) for k in range(len(names)) for script in ("", "", SCRIPT)]
    with on_all_cores(run, jobs) as runs:
        for name in names:
            _report(report, name, [next(runs) for _ in range(3)])


def _report(report: Report, name: str, runs: Sequence[Told]) -> None:
    one, other, troubled = runs
    report.at_most(f"{name}: wrong bins by timing", one.mistimed, "items", 0)
    report.at_most(f"{name}: too late", one.late, "items", 0)
    report.at_most(f"{name}: default without doubt", round(100 * one.otherwise, 2), "%", 1.0)
    report.at_most(f"{name}: lost or seen twice", one.lost, "items", 0)
    low, _ = wilson(round(one.decided * one.graded), one.graded)
    report.at_least(
        f"{name}: delivered accuracy", round(100 * one.delivered, 2), "%", round(100 * low, 2)
    )
    print(f"       classifier {one.decided:.2%} of {one.graded}; causes {one.by_cause}")
    report.at_most(f"{name}: records of one seed", len({one.digest, other.digest}), "", 1)
    report.at_most(f"{name}: wrong, belt disturbed", troubled.mistimed, "items", 0)
    report.at_most(f"{name}: too late, belt disturbed", troubled.late, "items", 0)
    report.at_most(f"{name}: lost, belt disturbed", troubled.lost, "items", 0)
    print(f"       after {SCRIPT}: {troubled.by_cause}")


def run(machine: int, script: str) -> Told:
    """One run with the built firmware.

    Args:
        machine: its place in `benches`.
        script: what the belt does.
    """
    bench = benches()[machine]
    board = make_board("simavr")
    try:
        result = Demo(
            config=bench.at(RATE),
            classifier=bench.classifier,
            board=board,
            items=ITEMS,
            seed=SEED,
            mix=bench.mix,
            world=replace(bench.world, script=BeltScript.parse(script)),
        ).run()
    finally:
        board.close()
    if trouble := result.trouble("simavr"):
        raise RuntimeError(trouble)
    return Told.of(result.score, record_digest(result))


def _rode_otherwise(fate: Fate) -> bool:
    return fate.ending is Ending.TO_DEFAULT and fate.cause not in ALLOWED
