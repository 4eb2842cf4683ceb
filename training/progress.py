"""Progress bars with the time left, on stderr."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Advance = Callable[[str], None]
"""Called once a step, with a short note to show beside the bar."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Shows the long parts of a command, one bar each."""

    bars: Progress

    def start(self, title: str, total: int) -> Advance:
        """Open a bar of `total` steps; call what is returned once a step."""
        self.bars.start()
        task = self.bars.add_task(title, total=total, note="")

        def advance(note: str = "") -> None:
            self.bars.update(task, advance=1, note=note)

        return advance


class Silent(Steps):
    """Shows nothing: for what is a part of a step that has a bar."""

    def __init__(self) -> None:
        super().__init__(Progress(disable=True))


@contextlib.contextmanager
def steps() -> Iterator[Steps]:
    """Bars for the time of the block."""
    # On its own descriptor: `quiet` takes descriptor 2 away while TensorFlow talks.
    with os.fdopen(os.dup(2), "w") as stderr:
        columns = (
            TextColumn("{task.description:<22}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            TextColumn("{task.fields[note]}"),
        )
        bars = Progress(*columns, console=Console(file=stderr))
        try:
            yield Steps(bars)
        finally:
            # Rich ends even an empty display with a blank line.
            if bars.tasks:
                bars.stop()
