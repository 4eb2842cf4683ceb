"""`sorter demo`: a simulated belt through the real pipeline."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer


class BoardChoice(str, enum.Enum):
    """Which simulated board fires the outlets."""

    virtual = "virtual"
    simavr = "simavr"


def demo(
    items: Annotated[int, typer.Option(help="Cucumbers to send down the belt.")] = 200,
    speed: Annotated[float, typer.Option(help="Belt speed in m/s, 0.05 to 2.")] = 0.3,
    seed: Annotated[int, typer.Option(help="Same seed, same result to the item.", min=0)] = 1,
    board: Annotated[
        BoardChoice, typer.Option(help="The Python board, or the real firmware in simavr.")
    ] = BoardChoice.virtual,
    model: Annotated[
        Path | None, typer.Option(help="Model bundle; the built-in one without it.")
    ] = None,
    paced: Annotated[bool, typer.Option("--paced", help="Run in real time, to look on.")] = False,
    record: Annotated[
        Path | None, typer.Option(help="New folder that keeps the frames for 'sorter replay'.")
    ] = None,
    db: Annotated[
        Path | None, typer.Option(help="File that keeps the records for 'sorter lots'.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Watch nine grades of cucumbers being sorted, without any hardware.

    A simulated camera looks at a simulated belt; everything between the frame and the outlet's pin
    is the real thing.

    For example:

        sorter demo

        sorter demo --items 1000 --speed 0.6 --board simavr --json

        sorter demo --paced --items 40 --record frames --db demo.sqlite
    """
    import json
    import sys
    import time
    from collections.abc import Callable
    from contextlib import ExitStack
    from tempfile import TemporaryDirectory

    from rich.console import Console

    from sorter.errors import SorterError
    from sorter.frame import Frame
    from sorter.records import Records
    from sorter.twin.demo import Demo, make_board, summary, with_speed
    from sorter.twin.lockstep import Log
    from sorter.twin.pace import flat_out, real_time
    from sorter.twin.recorder import FrameRecorder
    from sorter.twin.setup import demo_classifier, demo_config
    from sorter.twin.view import LiveTable, print_report

    config = with_speed(demo_config(), speed)
    classifier = demo_classifier(model)
    watchers: list[Callable[[Frame, Log], None]] = []

    def watch(frame: Frame, log: Log) -> None:
        for watcher in watchers:
            watcher(frame, log)

    with ExitStack() as stack:
        if db is None:
            db = Path(stack.enter_context(TemporaryDirectory())) / "demo.sqlite"
        plant = make_board(board.value)
        stack.callback(plant.close)
        run = Demo(
            config=config,
            classifier=classifier,
            board=plant,
            items=items,
            seed=seed,
            records=stack.enter_context(Records(db)),
            watch=watch,
            pace=real_time() if paced else flat_out,
        )
        if record is not None:
            recorder = stack.enter_context(FrameRecorder(record, config))
            watchers.append(lambda frame, log: recorder.add(frame))
        console = Console()
        if console.is_terminal and not as_json:
            table = stack.enter_context(LiveTable(console, run))
            watchers.append(table.watch)
        start_s = time.monotonic()
        result = run.run()
    if as_json:
        asked = {"seed": seed, "board": board.value, "speed_m_per_s": speed}
        json.dump(summary(result) | asked, sys.stdout)
        print()
    else:
        print_report(console, result, wall_s=time.monotonic() - start_s)
    if trouble := result.trouble(board.value):
        raise SorterError(trouble)
