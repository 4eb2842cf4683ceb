"""Belt to bin in lockstep with the firmware in simavr, at 80 % of the full rates."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from benchmarks.line.cores import on_all_cores
from benchmarks.line.machines import benches
from benchmarks.line.scale import scaled
from benchmarks.report import Report
from sorter.config import SorterConfig
from sorter.twin.demo import Demo, make_board, record_digest
from sorter.twin.machine import Machine
from sorter.twin.score import JUDGED, Ending, Fate, Score
from sorter.twin.script import BeltScript
from sorter.verdict import Why
from training.intervals import wilson

RATE = 0.8
ITEMS = scaled(2_000, 100)
SEED = 1
TROUBLE_S = 15.0
"""What `trouble` does to the belt takes so long."""
FIRST_TROUBLE_S = 3.0
ALLOWED = {Why.UNSURE, Why.DOUBLE}
"""Why an item that is not of the default outlet's own grade may ride there."""
DELAYED_ITEMS = scaled(300, 40)
OPENING_MS, CLOSING_MS, PUSH_MS = 12.0, 8.0, 4.0
"""Of an air valve, and how long it has to blow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is told of one run."""

    digest: str
    mistimed: int
    """Items in a wrong bin that the classifier did not send there."""
    late: int
    """Items whose shot could not be sent, or was refused, in time."""
    otherwise: float
    """Share of the items that rode to the default outlet for another reason than those allowed, or
    that were called its grade and are not."""
    unsure: float
    """Share of the items of which the classifier was unsure."""
    lost: int
    """Items without a decision, and decisions without an item."""
    graded: int
    classified: float
    """Share of the graded whose said grade has the outlet of their true one: the classifier's own
    accuracy over the same items."""
    delivered: float
    """Share of the graded that fell into it."""
    by_cause: dict[str, int]

    @classmethod
    def of(cls, score: Score, digest: str, config: SorterConfig) -> Told:
        """Sum up a run of a machine with one outlet a grade."""
        fates, causes = score.fates, Counter(score.by_cause)
        delivered = score.delivered_accuracy
        assert delivered is not None
        end = config.default_outlet.name
        goes = {(one.lane, grade): one.name for one in config.outlets for grade in one.grades}
        said = [
            goes.get((fate.produce.lane, grade), end)
            == goes.get((fate.produce.lane, fate.produce.fruit.grade), end)
            for fate in fates
            if fate.decision is not None and (grade := fate.decision.verdict.grade) is not None
        ]
        return cls(
            digest=digest,
            mistimed=sum(n for why, n in score.wrong_by_cause.items() if why not in JUDGED),
            late=causes[Why.TOO_LATE.value] + causes["shot_late"],
            otherwise=sum(rode_otherwise(fate, end) for fate in fates) / len(fates),
            unsure=sum(_why(fate) is Why.UNSURE for fate in fates) / len(fates),
            lost=score.count(Ending.LOST) + score.strays,
            graded=len(said),
            classified=sum(said) / len(said),
            delivered=delivered,
            by_cause=score.by_cause,
        )


def measure(report: Report) -> None:
    """Run each machine twice alike, once with a disturbed belt and once with slow outlets."""
    scripts = [trouble(ITEMS / bench.items_per_s / RATE) for bench in benches()]
    jobs = [
        job
        for k, script in enumerate(scripts)
        for job in ((k, "", False), (k, "", False), (k, script, False), (k, "", True))
    ]
    with on_all_cores(run, jobs) as runs:
        for bench, script in zip(benches(), scripts, strict=True):
            one, other, troubled, delayed = (next(runs) for _ in range(4))
            _report(report, bench.name, one, other)
            _report_troubled(report, bench.name, troubled, script)
            _report_delayed(report, bench.name, delayed)


def trouble(run_s: float) -> str:
    """What the belt does in each third of a run, or once in one that is too short for that."""
    thirds = 3 if run_s / 3 >= TROUBLE_S else 1
    starts_s = [FIRST_TROUBLE_S + third * run_s / thirds for third in range(thirds)]
    return ",".join(
        f"stop@{at_s:.1f}:2,reverse@{at_s + 5:.1f}:100,slow@{at_s + 9:.1f}:3" for at_s in starts_s
    )


def _report(report: Report, name: str, one: Told, other: Told) -> None:
    report.at_most(f"{name}: wrong bins by timing", one.mistimed, "items", 0)
    report.at_most(f"{name}: too late", one.late, "items", 0)
    report.at_most(
        f"{name}: default, not unsure or double", round(100 * one.otherwise, 2), "%", 1.0
    )
    report.at_most(f"{name}: lost or seen twice", one.lost, "items", 0)
    report.beside(f"{name}: unsure", round(100 * one.unsure, 2), "%")
    low, high = wilson(round(one.classified * one.graded), one.graded)
    report.at_least(
        f"{name}: delivered accuracy", round(100 * one.delivered, 2), "%", round(100 * low, 2)
    )
    print(
        f"       classifier {one.classified:.2%} of the same {one.graded}, "
        f"{low:.2%} … {high:.2%}; causes {one.by_cause}"
    )
    report.at_most(f"{name}: records of one seed", len({one.digest, other.digest}), "", 1)


def _report_troubled(report: Report, name: str, troubled: Told, script: str) -> None:
    report.at_most(f"{name}: wrong, belt disturbed", troubled.mistimed, "items", 0)
    report.at_most(f"{name}: too late, belt disturbed", troubled.late, "items", 0)
    report.at_most(f"{name}: lost, belt disturbed", troubled.lost, "items", 0)
    print(f"       after {script}: {troubled.by_cause}")


def _report_delayed(report: Report, name: str, delayed: Told) -> None:
    report.at_most(f"{name}: wrong, slow outlets", delayed.mistimed, "items", 0)
    report.at_most(f"{name}: too late, slow outlets", delayed.late, "items", 0)
    report.at_most(f"{name}: lost, slow outlets", delayed.lost, "items", 0)
    report.at_most(f"{name}: default, slow outlets", round(100 * delayed.otherwise, 2), "%", 1.0)
    print(
        f"       {DELAYED_ITEMS} items, outlets of {OPENING_MS:g} ms, back in {CLOSING_MS:g} ms, "
        f"push {PUSH_MS:g} ms: {delayed.by_cause}"
    )


def run(machine: int, script: str, delays: bool) -> Told:
    """One run with the built firmware.

    Args:
        machine: its place in `benches`.
        script: what the belt does.
        delays: whether the outlets take their time, as the config then says.
    """
    bench = benches()[machine]
    config = with_delays(bench.at(RATE)) if delays else bench.at(RATE)
    board = make_board("simavr")
    try:
        result = Demo(
            config=config,
            classifier=bench.classifier,
            board=board,
            items=DELAYED_ITEMS if delays else ITEMS,
            seed=SEED,
            mix=bench.mix,
            machine=with_ejectors(config) if delays else None,
            world=replace(bench.world, script=BeltScript.parse(script)),
        ).run()
    finally:
        board.close()
    if trouble := result.trouble("simavr"):
        raise RuntimeError(trouble)
    return Told.of(result.score, record_digest(result), config)


def with_delays(config: SorterConfig) -> SorterConfig:
    """The machine with outlets that take their time, and known to."""
    known = {"opening_ms": OPENING_MS, "closing_ms": CLOSING_MS}
    outlets = [one if one.default else one.model_copy(update=known) for one in config.outlets]
    return config.model_copy(update={"outlets": outlets})


def with_ejectors(config: SorterConfig) -> Machine:
    """The same in the twin's hardware, where items have to be pushed for a while as well."""
    return Machine.as_configured(config).with_ejectors(push_s=PUSH_MS / 1000)


def rode_otherwise(fate: Fate, end: str) -> bool:
    """Whether an item is at the belt's end that is not graded so, nor unsure, nor a double.

    One that was called the end's own grade is such a case unless it is of that grade.
    """
    if fate.bin != end or fate.decision is None:
        return False
    if fate.decision.outlet != end:
        return True
    if fate.decision.verdict.grade is None:
        return fate.decision.verdict.why not in ALLOWED
    return end not in fate.own


def _why(fate: Fate) -> Why | None:
    return None if fate.decision is None else fate.decision.verdict.why
