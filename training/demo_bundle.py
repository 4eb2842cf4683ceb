"""Trains the shipped bundles on rendered photos: `python -m training.demo_bundle [NAME ...]`."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import sorter.twin
from sorter.errors import SorterError
from sorter.whole_file import whole_file
from training.cli import show
from training.errors import TrainingError
from training.learn import Settings, learn
from training.pack import pack
from training.progress import steps
from training.synth import synth

PHOTOS_SEED = 1
MIN_ACCURACY = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """What a bundle is trained on, and how."""

    crop: str
    per_grade: int
    size_px: int
    epochs: int
    max_bytes: int = 300_000


BUNDLES = {
    "demo": Shipped(crop="cucumbers", per_grade=300, size_px=96, epochs=25),
    "round": Shipped(crop="round", per_grade=100, size_px=64, epochs=22),
}


def main(names: list[str]) -> None:
    """Replace shipped bundles by ones trained anew, if they are good and small enough to ship.

    The same as (for `demo` and the crop `cucumbers`):

        sorter-train synth --out demo --crop cucumbers --per-grade 300 --seed 1
        sorter-train run demo --out run --size 96 --epochs 25 --split blocks --exact-copies
    """
    if unknown := set(names) - set(BUNDLES):
        raise TrainingError(
            f"no bundle {', '.join(sorted(unknown))} is shipped; there are {', '.join(BUNDLES)}"
        )
    for name in names or BUNDLES:
        _train(name)


def _train(name: str) -> None:
    how = BUNDLES[name]
    bundle = Path(sorter.twin.__file__).with_name(f"{name}.sorter")
    with tempfile.TemporaryDirectory() as folder:
        photos, run = Path(folder) / name, Path(folder) / "run"
        made = Path(folder) / bundle.name
        with steps() as bars:
            synth(photos, per_grade=how.per_grade, seed=PHOTOS_SEED, crop=how.crop, steps=bars)
            # In blocks, because photos that follow each other share belt and light. No photo is a
            # copy of another, but sound lemons look so much alike that they would pass for copies.
            settings = Settings(
                size_px=how.size_px, epochs=how.epochs, way="blocks", group_copies=False
            )
            learn(photos, run, settings, bars)
            metrics = pack(run, made, bars)
        show.metrics(metrics)
        if metrics["accuracy"] < MIN_ACCURACY or metrics["size_bytes"] > how.max_bytes:
            raise TrainingError(
                f"the bundle has an accuracy of {metrics['accuracy']:.1%} and "
                f"{metrics['size_bytes']} bytes; wanted are {MIN_ACCURACY:.0%} and at most "
                f"{how.max_bytes}, so {bundle} was left as it is"
            )
        with whole_file(bundle) as partial:
            partial.write_bytes(made.read_bytes())
    print(f"Wrote {bundle}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except SorterError as error:
        sys.exit(f"demo-bundle: {error}")
