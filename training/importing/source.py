"""Tells what kind of source a path is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sorter.collecting import ITEMS_CSV
from training.errors import PhotosError
from training.importing.files import from_folders, from_table
from training.importing.incoming import Incoming
from training.importing.pickled import batches, from_pickles, is_pickle


def incoming(source: Path, grades: Sequence[str] | None) -> tuple[list[Incoming], list[str]]:
    """The photos of a source, and what the user should know about them.

    Args:
        source: a folder with one sub-folder a grade, a folder that the sorter collected, or
            one of several such folders, a folder of pickled batches, one such batch, or a CSV file.
        grades: names of a pickle's labels, from 0.

    Raises:
        PhotosError: it is none of them.
    """
    if not source.exists():
        raise PhotosError(f"{source}: does not exist; give a folder, a CSV file or a pickle")
    pickles = batches(source) if source.is_dir() else [source]
    if grades is not None and not any(map(is_pickle, pickles)):
        raise PhotosError(
            f"--grades names the labels of pickles, and {source} holds none; leave it out: the "
            f"grades are those of the folders or of the table"
        )
    if source.is_dir():
        if collected := _collected(source):
            return _listed(source, collected)
        if found := batches(source):
            return from_pickles(found, grades), []
        return from_folders(source), []
    if source.suffix.lower() == ".csv":
        return _listed(source, [source])
    if is_pickle(source):
        return from_pickles([source], grades), []
    raise PhotosError(
        f"{source}: neither a folder, nor a CSV file, nor a CIFAR-style pickle; give one of these "
        f"(an archive has to be unpacked first)"
    )


def _collected(folder: Path) -> list[Path]:
    """The tables of what the sorter collected: in one run, or in all of those in a folder."""
    table = folder / ITEMS_CSV
    return [table] if table.is_file() else sorted(folder.glob(f"*/{ITEMS_CSV}"))


def _listed(source: Path, tables: Sequence[Path]) -> tuple[list[Incoming], list[str]]:
    photos: list[Incoming] = []
    ungraded = 0
    for table in tables:
        graded, left_out = from_table(table)
        photos += graded
        ungraded += left_out
    if not photos:
        raise PhotosError(f"{source}: no line has a grade; fill in the column 'grade'")
    return photos, [f"left out {ungraded} photos that have no grade yet"] if ungraded else []
