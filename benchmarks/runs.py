"""How good a model `sorter-train run` makes of real photos without any tuning, and how soon."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import Report
from benchmarks.sets import DATA
from sorter.classifier import Classifier
from sorter.decision_rule import DecisionRule, strange
from sorter.photo import read_photo
from training.learn import Settings, learn
from training.pack import pack
from training.progress import steps
from training.run_folder import BUNDLE

BACKBONES = {
    "mobilenet-0.25": ("mobilenet_v1_0.25_128_no_top.weights.h5", 128),
    # At less than half of the size that its weights were made for, which saves four fifths of the
    # time; the size of the bundle does not depend on it.
    "mobilenetv2": ("mobilenet_v2_1.0_224_no_top.weights.h5", 96),
}
"""The smallest and the largest for which there are weights: file, side of the input."""
RIGHT, LOST, STRANGERS, KNOWN = 99.0, -0.5, 90.0, 3.0
MAX_KB, MAX_BACKBONE_KB, MAX_SECONDS, TIMES_BASELINE = 500, 4000, 600, 2.0


def measure(report: Report) -> None:
    """Train on each set and hold the result against its limits."""
    for name, settings in (
        ("cucumber9", Settings()),
        # In the order in which they were taken neighbours look alike: a random split would leak.
        ("lemons", Settings(way="blocks")),
    ):
        photos = DATA / name
        if not photos.is_dir():
            print(f"skipped {name}: no photos in {photos}; set SORTER_DATA to their folder")
            continue
        with tempfile.TemporaryDirectory() as folder, steps() as bars:
            started = time.monotonic()
            run = Path(folder)
            learn(photos, run, settings, bars)
            metrics = pack(run, run / BUNDLE, bars)
            seconds = time.monotonic() - started
            if name == "lemons":
                _lemons(report, metrics, Classifier.load(run / BUNDLE))
        ratio = metrics["accuracy_low"] / metrics["baseline"]
        report.at_least(f"{name} lower bound / baseline", round(ratio, 2), "x", TIMES_BASELINE)
        report.at_most(f"{name} bundle", metrics["size_bytes"] / 1000, "kB", MAX_KB)
        report.at_most(f"{name} time", round(seconds), "s", MAX_SECONDS)
    for name in BACKBONES:
        _backbone(report, name)


def _lemons(report: Report, metrics: dict[str, Any], classifier: Classifier) -> None:
    """Of the test blocks; the strangers have set and taught nothing."""
    report.at_least("lemons, blocks, int8", round(100 * metrics["accuracy"], 1), "%", RIGHT)
    lost = 100 * (metrics["int8_accuracy"] - metrics["float_accuracy"])
    report.at_least("lemons int8 - float", round(lost, 1), "points", LOST)
    shown = [read_photo(path) for path in sorted((DATA / "strangers").iterdir())]
    sure = DecisionRule(classifier.bundle.manifest).sure(classifier.probabilities(shown))
    doubted = ~sure | strange(classifier.strangeness(shown))
    report.at_least(
        "strangers called unsure", round(100 * float(np.mean(doubted)), 1), "%", STRANGERS
    )
    report.at_most("lemons called unsure", round(100 * metrics["unsure"], 1), "%", KNOWN)


def _backbone(report: Report, name: str) -> None:
    """A bundle with weights learned elsewhere; of the smaller set, since its size is the same."""
    file, size_px = BACKBONES[name]
    weights, photos = DATA / "backbones" / file, DATA / "cucumber9"
    if not weights.is_file() or not photos.is_dir():
        print(f"skipped {name}: no {weights} or no {photos}")
        return
    with tempfile.TemporaryDirectory() as folder, steps() as bars:
        run = Path(folder)
        settings = Settings(model=name, weights=str(weights), size_px=size_px, group_copies=False)
        learn(photos, run, settings, bars)
        metrics = pack(run, run / BUNDLE, bars, report=False)
    report.at_most(f"{name} bundle", metrics["size_bytes"] / 1000, "kB", MAX_BACKBONE_KB)
    print(f"       cucumber9 by {name}, frozen: {metrics['accuracy']:.1%}", flush=True)
