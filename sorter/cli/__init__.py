"""`sorter`: the commands of the device, one a file."""

from __future__ import annotations

import sys

import typer

from firmware_bridge.board import BoardError
from sorter.cli.check import check
from sorter.cli.demo import demo
from sorter.cli.grade import grade
from sorter.cli.lots import lots_app
from sorter.cli.replay import replay
from sorter.cli.run import run
from sorter.errors import SorterError

app = typer.Typer(
    name="sorter",
    help="Grade produce on a belt: watch, classify, measure and eject.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
for command in (demo, run, check, grade, replay):
    app.command()(command)
app.add_typer(lots_app, name="lots")


def main() -> None:
    """Entry point: a user's mistake ends in one sentence on stderr and exit code 1."""
    try:
        app()
    except (SorterError, BoardError) as error:
        print(f"sorter: {error}", file=sys.stderr)
        sys.exit(1)
