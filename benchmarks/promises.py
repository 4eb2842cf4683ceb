"""Is what a bundle promises what one gets? Over repeated splits, on photos that it never saw.

From each of `SPLITS` splits a fifth of the cucumbers is held back, a bundle is made of the rest as
`sorter-train run` makes it, and the bundle's promise is held against the held-back fifth.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.report import Report
from benchmarks.sets import DATA, subset
from sorter.classifier import Classifier
from training import photos
from training.calibration import calibration_gap
from training.evaluation import evaluate
from training.grouped import read_grouped
from training.intervals import newcombe, prediction
from training.learn import Settings, learn
from training.pack import pack
from training.photos import Photo
from training.progress import Silent
from training.run_folder import BUNDLE
from training.split import folds

SPLITS = 10
MODEL = "lenet"
"""A promise has to hold for a model of any quality, so this is the quickest."""
KEPT, WIDTH, CALIBRATION_ERROR = 8, 1.1, 0.05


def measure(report: Report) -> None:
    """Train on four fifths, ten times over."""
    root = DATA / "cucumber9"
    if not root.is_dir():
        print(f"skipped promises: no photos in {root}; set SORTER_DATA to their folder")
        return
    found = photos.scan(root)
    read = read_grouped(
        found,
        lambda pixels: None,
        way="random",
        group_copies=True,
        skip_unreadable=False,
        steps=Silent(),
    )
    grades = [photo.grade for photo in read.photos]
    kept, widths, gaps, wrong = 0, [], [], []
    confidences, rights = [], []
    for seed in range(SPLITS):
        side = np.array(folds(grades, read.groups, count=5, seed=seed))
        inside = [read.photos[index] for index in np.flatnonzero(side != 0)]
        outside = [read.photos[index] for index in np.flatnonzero(side == 0)]
        promised, n, said_right, confidence, decided_wrong = _one(inside, outside, seed)
        low, high = prediction(promised, n, len(outside))
        right = int(said_right.sum())
        inside_interval = low <= right / len(outside) <= high
        kept += inside_interval
        away = newcombe(promised, n, right, len(outside))
        widths.append((high - low) / (away[1] - away[0]))
        gaps.append(calibration_gap(confidence, said_right, bins=5))
        confidences.append(confidence)
        rights.append(said_right)
        wrong.append(decided_wrong)
        print(
            f"       split {seed}: promised {promised / n:.1%} of {n}, so {low:.1%} to {high:.1%}; "
            f"got {right / len(outside):.1%} of {len(outside)}"
            f"{'' if inside_interval else ', broken'}; wrongly decided {decided_wrong:.1%}",
            flush=True,
        )
    report.at_least("promises kept", kept, f"of {SPLITS}", KEPT)
    report.at_most("widest prediction interval", round(max(widths), 2), "x Newcombe's", WIDTH)
    # Bins of equal numbers, the bias of small ones taken off: the mean square is nowhere under the
    # expected calibration error.
    error = calibration_gap(np.concatenate(confidences), np.concatenate(rights))
    report.at_most(
        "calibration error, int8", round(max(0.0, error) ** 0.5, 3), "", CALIBRATION_ERROR
    )
    report.beside(
        "the same, 10 bins of one width",
        round(_plain_error(np.concatenate(confidences), np.concatenate(rights)), 3),
        "",
    )
    alone = max(0.0, float(np.mean(gaps))) ** 0.5
    print(f"       calibration error of each bundle by itself: {alone:.3f}", flush=True)
    print(
        f"       wrongly decided, of all, on average: {np.mean(wrong):.1%}, wanted 5%", flush=True
    )


def _plain_error(confidence: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """As it is mostly computed (Naeini et al. 2015): chance alone makes it some points."""
    at = np.minimum((confidence * bins).astype(int), bins - 1)
    apart = [abs(float((confidence - right)[at == number].sum())) for number in range(bins)]
    return sum(apart) / len(right)


def _one(
    inside: list[Photo], outside: list[Photo], seed: int
) -> tuple[int, int, np.ndarray, np.ndarray, float]:
    with tempfile.TemporaryDirectory() as folder:
        seen, run = subset(inside, Path(folder) / "cucumber9"), Path(folder) / "run"
        learn(seen, run, Settings(model=MODEL, seed=seed), Silent())
        metrics = pack(run, run / BUNDLE, Silent(), report=False)
        result = evaluate(Classifier.load(run / BUNDLE), outside, advance=lambda note: None)
    wrongly = float((result.decided & (result.chosen != result.truth)).mean())
    return (
        round(metrics["accuracy"] * metrics["n"]),
        metrics["n"],
        result.said == result.truth,
        result.probabilities.max(axis=1),
        wrongly,
    )
