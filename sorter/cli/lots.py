"""`sorter lots`: which lot is sorted, and what was, lot by lot."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sorter.cli import options

if TYPE_CHECKING:
    from sorter.records import Records

lots_app = typer.Typer(
    name="lots", help="Open lots, list them and export their items.", no_args_is_help=True
)

_Db = Annotated[Path | None, typer.Option(help="The records themselves, instead of a config.")]


@lots_app.command("open")
def open_lot(
    name: Annotated[str | None, typer.Argument(help="Of the lot; one that exists goes on.")] = None,
    today: Annotated[
        bool, typer.Option("--today", help="Back to a lot that is named after the day.")
    ] = False,
    config: options.Config = options.DEFAULT_CONFIG,
    db: _Db = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Open a lot at the running machine: what comes into the camera's view from now on is in it.

    What is in view or farther down the belt still belongs to the lot before. The lot stays open
    when the machine is started again.

    For example:

        sorter lots open field-7

        sorter lots open --today
    """
    from sorter.control_socket import ask, control_path
    from sorter.errors import SorterError
    from sorter.lot_names import lot_name

    if (name is None) != today:
        raise SorterError("give the lot's name, or --today for a lot that is named after the day")
    request = {"do": "open_lot", "name": None if name is None else lot_name(name)}
    answer = ask(control_path(_records_path(config, db)), request)
    if as_json:
        print(json.dumps({"lot": answer["lot"], "before": answer["before"]}))
        return
    print(f"lot {answer['lot']} is open, after {answer['before']}")


@lots_app.command("list")
def list_lots(
    config: options.Config = options.DEFAULT_CONFIG,
    db: _Db = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """List the lots with their counts, oldest first.

    For example:

        sorter lots list

        sorter lots list --db records.sqlite --json
    """
    with _open(config, db) as records:
        lots = records.lots()
    if as_json:
        from dataclasses import asdict

        print(json.dumps([asdict(lot) for lot in lots]))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("lot", "opened (UTC)")
    for heading in ("items", "shot", "fired", "mis-sorts"):
        table.add_column(heading, justify="right")
    for lot in lots:
        counts = (str(n) for n in (lot.items, lot.shot, lot.fired, lot.missorts))
        table.add_row(Text(lot.name), lot.opened_at[:19].replace("T", " "), *counts)
    Console().print(table)


@lots_app.command("export")
def export(
    lot: Annotated[str | None, typer.Option(help="One lot; all without it.")] = None,
    out: Annotated[Path | None, typer.Option(help="The CSV file; stdout without it.")] = None,
    config: options.Config = options.DEFAULT_CONFIG,
    db: _Db = None,
) -> None:
    """Write the items as CSV, one row an item.

    For example:

        sorter lots export > items.csv

        sorter lots export --lot monday --out monday.csv
    """
    from sorter.errors import SorterError
    from sorter.records_csv import write_csv
    from sorter.whole_file import whole_file

    with _open(config, db) as records:
        names = [found.name for found in records.lots()]
        if lot is not None and lot not in names:
            have = ", ".join(names) or "none yet"
            raise SorterError(f"{records.path}: there is no lot {lot}; there are: {have}")
        if out is None:
            write_csv(records, sys.stdout, lot=lot)
            return
        try:
            with (
                whole_file(out) as partial,
                partial.open("w", encoding="utf-8", newline="") as file,
            ):
                rows = write_csv(records, file, lot=lot)
        except OSError as error:
            raise SorterError(f"{out}: cannot be written ({error.strerror})") from error
    print(f"{out}: {rows} items", file=sys.stderr)


def _records_path(config: Path, db: Path | None) -> Path:
    from sorter.config_file import load_config

    return db or load_config(config).records.path


def _open(config: Path, db: Path | None) -> Records:
    from sorter.records import Records

    return Records(_records_path(config, db), read_only=True)
