"""`sorter`: the commands of the device, one a file."""

from __future__ import annotations

from typing import Annotated

import typer

from sorter import __version__
from sorter.cli.bench import bench
from sorter.cli.board import board_app
from sorter.cli.calibrate import calibrate
from sorter.cli.check import check
from sorter.cli.demo import demo
from sorter.cli.grade import grade
from sorter.cli.lots import lots_app
from sorter.cli.replay import replay
from sorter.cli.run import run
from sorter.cli.status import status
from sorter.command_line import run_app

app = typer.Typer(
    name="sorter",
    help="Grade produce on a belt: watch, classify, measure and eject.",
    no_args_is_help=True,
    # Importing Rich would double the time of --help.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in (demo, bench, run, status, calibrate, check, grade, replay):
    app.command()(command)
app.add_typer(lots_app, name="lots")
app.add_typer(board_app, name="board")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"sorter {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Grade produce on a belt: watch, classify, measure and eject."""


def main() -> None:
    """Entry point; see `run_app`."""
    run_app("sorter", app)
