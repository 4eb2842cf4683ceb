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

WEIGHTS = "mobilenet_v1_0.25_128_no_top.weights.h5"
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
    _backbone(report)


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


def _backbone(report: Report) -> None:
    """A bundle with weights learned elsewhere; of the smaller set, since its size is the same."""
    weights, photos = DATA / "backbones" / WEIGHTS, DATA / "cucumber9"
    if not weights.is_file() or not photos.is_dir():
        print(f"skipped mobilenet-0.25: no {weights} or no {photos}")
        return
    with tempfile.TemporaryDirectory() as folder, steps() as bars:
        run = Path(folder)
        settings = Settings(model="mobilenet-0.25", weights=str(weights), size_px=128)
        learn(photos, run, settings, bars)
        metrics = pack(run, run / BUNDLE, bars, report=False)
    size = metrics["size_bytes"] / 1000
    report.at_most("mobilenet-0.25 bundle", size, "kB", MAX_BACKBONE_KB)
    print(f"       cucumber9 by mobilenet-0.25, frozen: {metrics['accuracy']:.1%}")
