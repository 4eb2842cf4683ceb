"""Renders photos and trains the demo's bundle on them: `python -m training.demo_bundle`."""

from __future__ import annotations

import sys
import tempfile
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

PER_GRADE = 300
PHOTOS_SEED = 1
SIZE_PX = 96
EPOCHS = 25
BUNDLE = Path(sorter.twin.__file__).with_name("demo.sorter")
MAX_BYTES = 300_000
MIN_ACCURACY = 0.95


def main() -> None:
    """Replace the demo's bundle by one trained anew, if it is good and small enough to ship.

    The same as:

        sorter-train synth --out demo --per-grade 300 --seed 1
        sorter-train run demo --out run --size 96 --epochs 25 --split blocks
    """
    with tempfile.TemporaryDirectory() as folder:
        photos, run = Path(folder) / "demo", Path(folder) / "run"
        made = Path(folder) / BUNDLE.name
        with steps() as bars:
            synth(photos, per_grade=PER_GRADE, seed=PHOTOS_SEED, steps=bars)
            # In blocks, because photos that follow each other share belt and light.
            learn(photos, run, Settings(size_px=SIZE_PX, epochs=EPOCHS, way="blocks"), bars)
            metrics = pack(run, made, bars)
        show.metrics(metrics)
        if metrics["accuracy"] < MIN_ACCURACY or metrics["size_bytes"] > MAX_BYTES:
            raise TrainingError(
                f"the bundle has an accuracy of {metrics['accuracy']:.1%} and "
                f"{metrics['size_bytes']} bytes; wanted are {MIN_ACCURACY:.0%} and at most "
                f"{MAX_BYTES}, so {BUNDLE} was left as it is"
            )
        with whole_file(BUNDLE) as partial:
            partial.write_bytes(made.read_bytes())
    print(f"Wrote {BUNDLE}")


if __name__ == "__main__":
    try:
        main()
    except SorterError as error:
        sys.exit(f"demo-bundle: {error}")
