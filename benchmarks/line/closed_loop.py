"""Belt to bin in lockstep with the firmware in simavr, at 80 % of the full rates."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from benchmarks.line.machines import Bench, benches
from benchmarks.line.scale import scaled
from benchmarks.report import Report
from sorter.twin.demo import Demo, Result, make_board, record_digest
from sorter.twin.score import Score
from sorter.twin.script import BeltScript
from sorter.verdict import Why
from training.intervals import wilson

RATE = 0.8
ITEMS = scaled(2_000, 100)
TROUBLED_ITEMS = scaled(400, 60)
REPEATED_ITEMS = scaled(200, 30)
SCRIPT = "stop@3:2,reverse@8:100,slow@12:3"
SEED = 1
ALLOWED = {"unsure", "double", "misclassified"}
"""Why an item may ride to the default outlet: doubt, or the classifier said so."""


def measure(report: Report) -> None:
    """Run both machines, plain and with a belt that stops, turns back and slows."""
    for bench in benches():
        result = run(bench, items=ITEMS)
        score = result.score
        report.at_most(f"{bench.name}: wrong bins by timing", mistimed(score), "items", 0)
        report.at_most(f"{bench.name}: too late", late(score), "items", 0)
        report.at_most(
            f"{bench.name}: default without doubt", round(100 * otherwise(score), 2), "%", 1.0
        )
        report.at_most(f"{bench.name}: lost or seen twice", lost(result), "items", 0)
        sent, fell = score.decided_accuracy, score.delivered_accuracy
        assert sent is not None and fell is not None
        graded = sum(1 for fate in score.fates if fate.decision and fate.decision.verdict.grade)
        low, _ = wilson(round(sent * graded), graded)
        name = f"{bench.name}: delivered accuracy"
        report.at_least(name, round(100 * fell, 2), "%", round(100 * low, 2))
        print(f"       classifier {100 * sent:.2f} % of {graded}; causes {score.by_cause}")
        troubled = run(bench, items=TROUBLED_ITEMS, script=SCRIPT)
        report.at_most(f"{bench.name}: wrong, belt disturbed", mistimed(troubled.score), "items", 0)
        print(f"       after {SCRIPT}: {troubled.score.by_cause}")
        digests = {record_digest(run(bench, items=REPEATED_ITEMS)) for _ in range(2)}
        report.at_most(f"{bench.name}: records of one seed", len(digests), "", 1)


def run(bench: Bench, *, items: int, script: str = "") -> Result:
    """One run with the built firmware."""
    board = make_board("simavr")
    try:
        result = Demo(
            config=bench.at(RATE),
            classifier=bench.classifier,
            board=board,
            items=items,
            seed=SEED,
            mix=bench.mix,
            world=replace(bench.world, script=BeltScript.parse(script)),
        ).run()
    finally:
        board.close()
    if trouble := result.trouble():
        raise RuntimeError(trouble)
    return result


def mistimed(score: Score) -> int:
    """Items in a wrong bin that the classifier did not send there."""
    return sum(n for cause, n in score.wrong_by_cause.items() if cause != "misclassified")


def late(score: Score) -> int:
    """Items whose shot could not be sent, or was refused, in time."""
    causes = Counter(score.by_cause)
    return causes[Why.TOO_LATE.value] + causes["shot_late"]


def otherwise(score: Score) -> float:
    """Share of the items that rode to the default outlet for no allowed reason."""
    named = Counter(
        fate.cause for fate in score.fates if fate.ending.value == "to_default" and fate.cause
    )
    return sum(n for cause, n in named.items() if cause not in ALLOWED) / len(score.fates)


def lost(result: Result) -> int:
    """Items without a decision, and decisions without an item."""
    return sum(f.ending.value == "lost" for f in result.score.fates) + result.score.strays
