"""`sorter-train`: the commands of the workstation, one a file."""

from __future__ import annotations

import typer

from sorter.command_line import run_app
from training.cli.audit import audit
from training.cli.compare import compare
from training.cli.evaluate import evaluate
from training.cli.explain import explain
from training.cli.fit import fit
from training.cli.import_photos import import_photos
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
app.command()(explain)
app.command()(compare)
app.command()(synth)
app.command("import")(import_photos)
app.command()(audit)


def main() -> None:
    """Entry point; see `run_app`."""
    run_app("sorter-train", app)
