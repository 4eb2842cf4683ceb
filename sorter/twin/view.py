"""How a demo looks in a terminal: a live table, then the report."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from sorter.decision import Decision
from sorter.frame import Frame
from sorter.twin.demo import Demo, Result
from sorter.twin.lockstep import Log
from sorter.twin.score import Ending, Score

LAST_ITEMS = 8
REFRESH_S = 0.1

_ENDINGS = {
    Ending.RIGHT: "right bin",
    Ending.WRONG: "wrong bin",
    Ending.TO_DEFAULT: "to the default outlet",
    Ending.LOST: "lost",
}


class LiveTable:
    """Counts and last items while the demo runs. Use as a context manager, `watch` as its hook."""

    def __init__(self, console: Console, demo: Demo) -> None:
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._demo = demo
        self._start_s = self._shown_s = time.monotonic()

    def __enter__(self) -> LiveTable:
        self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._live.stop()

    def watch(self, frame: Frame, log: Log) -> None:
        """Show where the run stands, at most every `REFRESH_S`."""
        now_s = time.monotonic()
        if now_s - self._shown_s >= REFRESH_S:
            self._shown_s = now_s
            self._live.update(self._content(frame, log, now_s - self._start_s), refresh=True)

    def _content(self, frame: Frame, log: Log, passed_s: float) -> Group:
        decided = len(log.decisions)
        head = Text.assemble(
            (f"{decided}/{self._demo.items} items", "bold"),
            f"   {decided / passed_s:.1f} items/s   {log.frames / passed_s:.0f} frames/s"
            f"   belt at tick {frame.tick:.0f} after {frame.time_s:.1f} s",
        )
        body = Table.grid(padding=(0, 3))
        body.add_row(self._grade_counts(log.decisions), _last_items(log))
        return Group(head, body)

    def _grade_counts(self, decisions: Sequence[Decision]) -> Table:
        said = Counter(decision.verdict.grade for decision in decisions)
        fallen = Counter(fall.bin for fall in self._demo.belt.falls)
        table = Table("outlet", "takes", title="outlets", title_justify="left")
        for heading in ("decided", "fallen in"):
            table.add_column(heading, justify="right")
        for outlet in self._demo.config.outlets:
            takes = " ".join(outlet.grades) + (" + unsure" if outlet.default else "")
            decided = sum(said[grade] for grade in outlet.grades)
            decided += said[None] if outlet.default else 0
            table.add_row(outlet.name, takes, str(decided), str(fallen[outlet.name]))
        return table


def _last_items(log: Log) -> Table:
    table = Table("item", "grade", "sure", "outlet", "board", title="last items", min_width=44)
    table.title_justify = "left"
    for decision in reversed(log.decisions[-LAST_ITEMS:]):
        verdict = decision.verdict
        sure = max(verdict.probabilities.values(), default=0)
        item_id = decision.item.item_id
        report = log.reports.get(item_id)
        board = "" if decision.shot is None else (report.outcome.value if report else "waiting")
        grade = verdict.grade or verdict.why.value
        table.add_row(str(item_id), grade, f"{sure:.0%}", decision.outlet, board)
    return table


def print_report(console: Console, result: Result, *, wall_s: float) -> None:
    """The end of a demo, for people.

    Args:
        console: to print on.
        result: of the run.
        wall_s: how long it took, in real seconds.
    """
    score = result.score
    total = len(score.fates)
    console.print(_confusion(score))
    table = Table("how the items ended")
    for heading in ("items", "share"):
        table.add_column(heading, justify="right")
    for ending, name in _ENDINGS.items():
        count = score.count(ending)
        table.add_row(name, str(count), f"{count / total:.1%}")
    table.add_section()
    table.add_row("all", str(total), "")
    console.print(table)
    if score.by_cause:
        causes = ", ".join(f"{name} {count}" for name, count in score.by_cause.items())
        console.print(f"Not in the right bin because: {causes}.", highlight=False)
    accuracy = score.classifier_accuracy
    if accuracy is not None:
        console.print(f"The classifier's likeliest grade was true for {accuracy:.1%}.")
    delivered = score.delivered_accuracy
    if delivered is not None:
        wrong = ", ".join(f"{name} {count}" for name, count in score.wrong_by_cause.items())
        console.print(
            f"Of the graded items {delivered:.1%} fell into the bin of their true grade"
            + (f"; in a wrong one because: {wrong}." if wrong else "; none into a wrong one."),
            highlight=False,
        )
    console.print(
        f"{result.log.frames} frames, {result.ticks} encoder ticks and {result.belt_s:.0f} s of "
        f"belt in {wall_s:.1f} s ({total / wall_s:.1f} items/s).",
        highlight=False,
    )


def _confusion(score: Score) -> Table:
    table = Table("true \\ said", title="confusion matrix", title_justify="left")
    for grade in score.grades:
        table.add_column(grade, justify="right")
    for grade, row in zip(score.grades, score.confusion, strict=True):
        cells = []
        for said, count in zip(score.grades, row, strict=True):
            style = "green" if said == grade else "red"
            cells.append(Text(str(count), style=style) if count else Text("·", style="dim"))
        table.add_row(grade, *cells)
    return table
