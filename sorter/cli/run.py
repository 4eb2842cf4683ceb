"""`sorter run`: the machine itself."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from sorter.cli import options


def run(
    config: options.Config = options.DEFAULT_CONFIG,
    lot: Annotated[
        str | None,
        typer.Option(help="Name of the lot; the one opened last without it, or today's date."),
    ] = None,
    start_belt: Annotated[
        bool,
        typer.Option(
            "--start-belt",
            help="Run the belt without waiting for the start button: you stand at the machine.",
        ),
    ] = False,
) -> None:
    """Sort: watch the camera, classify, and fire the board's outlets until told to stop.

    The belt waits for the start button of the machine, or runs at once with --start-belt.

    With `board: {port: virtual}` and `camera: {source: twin}` (a simulated belt with produce on it)
    or `{source: file}` (a recording) it runs without any hardware.

    For example:

        sorter run --config sorter.yaml

        sorter run --config sorter.yaml --lot field-7

        sorter lots open field-8 --config sorter.yaml
    """
    import signal
    import time
    from collections.abc import Callable
    from contextlib import closing
    from types import FrameType

    from sorter.board_from_config import VIRTUAL, board_from_config
    from sorter.camera.from_config import camera_from_config
    from sorter.camera.health import CameraHealth
    from sorter.camera.newest import NewestFrame
    from sorter.camera.reopening import ReopeningFrames
    from sorter.classifier import Classifier
    from sorter.collecting import Choice, Collector
    from sorter.config_file import ConfigError, read_config
    from sorter.control_socket import ControlSocket, control_path
    from sorter.daemon import Daemon, FrameSource
    from sorter.grades_fit import grades_fit
    from sorter.line import Line
    from sorter.lot_names import lot_name, lot_of_the_day
    from sorter.record_writer import RecordWriter
    from sorter.records import Records
    from sorter.ruler.from_config import check_calibration
    from sorter.service_notify import ServiceNotify, systemd_notifier
    from sorter.warm_up import spare_the_collector

    file = read_config(config)
    machine = file.config
    check_calibration(file)
    classifier = Classifier.load(machine.model.path)
    fit = grades_fit(machine, classifier.bundle.manifest)
    if fit.errors:
        raise ConfigError([file.problem(*found) for found in fit.errors])
    for found in fit.warnings:
        _say(f"warning: {file.problem(*found)}")
    live = machine.camera.source not in ("file", "twin")
    board = board_from_config(machine)
    frames: FrameSource
    clock: Callable[[], float] = time.monotonic
    if machine.camera.source == "twin":
        from sorter.twin.live import twin_line
        from sorter.twin.slow_time import SlowFrames, SlowTime

        clock = slow_time = SlowTime()
        camera, board = twin_line(machine, classifier.grades, clock)
        frames = SlowFrames(camera, slow_time)
    elif live:
        frames = ReopeningFrames(
            lambda: camera_from_config(machine.camera, _say), fps=machine.camera.fps
        )
    else:
        frames = NewestFrame(camera_from_config(machine.camera))
    control = ControlSocket(control_path(machine.records.path))
    with Records(machine.records.path) as records, closing(control):
        try:
            control.open()
        except OSError as error:
            _say(f"warning: {control.path}: no lot can be opened while it runs ({error.strerror})")
        if lot is not None:
            records.open_lot(lot_name(lot))
        opened = records.opened_lot() or lot_of_the_day()
        limited = [outlet.name for outlet in machine.outlets if outlet.quota]
        taken = records.taken(limited, opened)
        collector = Collector(machine.collect, tell=_say) if machine.collect.folder else None
        with RecordWriter(records, collect=collector.keep if collector else None) as writer:
            line = Line(
                config=machine,
                classifier=classifier,
                board=board,
                records=writer,
                lot=opened,
                start_belt=start_belt or machine.board.port == VIRTUAL,
                collects=Choice(machine.collect).wants,
                taken=taken,
            )
            daemon = Daemon(
                config=machine,
                frames=frames,
                line=line,
                board=board,
                notify=ServiceNotify(systemd_notifier()),
                say=_say,
                health=CameraHealth() if live else None,
                records=writer,
                control=control,
                clock=clock,
            )

            def stop(number: int, frame: FrameType | None) -> None:
                daemon.stop()

            signal.signal(signal.SIGTERM, stop)
            signal.signal(signal.SIGINT, stop)
            spare_the_collector()
            daemon.run()
            if writer.photos_left_out:
                _say(
                    f"the photos of {writer.photos_left_out} items were not collected: the disk of "
                    f"{machine.collect.folder} is too slow for so many"
                )


def _say(sentence: str) -> None:
    print(f"sorter: {sentence}", file=sys.stderr, flush=True)
