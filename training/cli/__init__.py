"""`sorter-train`: the commands of the workstation, one a file."""

from __future__ import annotations

import sys

import typer

from sorter.errors import SorterError
from training.cli.evaluate import evaluate
from training.cli.fit import fit
from training.cli.pack import pack
from training.cli.run import run
from training.cli.synth import synth

app = typer.Typer(
    name="sorter-train",
    help="Teach a sorter your own grades: from photos in folders to a model bundle.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(run)
app.command()(fit)
app.command()(pack)
app.command()(evaluate)
app.command()(synth)


def main() -> None:
    """Entry point: a user's mistake ends in one sentence on stderr and exit code 1."""
    try:
        app()
    except SorterError as error:
        print(f"sorter-train: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        # A full disk names no file.
        where = "" if error.filename is None else f"{error.filename}: "
        print(f"sorter-train: {where}{error.strerror or error}", file=sys.stderr)
        sys.exit(1)
