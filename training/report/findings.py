"""All that a report says in numbers and names, as it goes into metrics.json."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sorter.bundle import Manifest
from training import int8_file
from training.evaluation import Evaluation
from training.report.measures import (
    calibration_error,
    cost_per_100,
    counts,
    far_errors,
    mix_ups,
    reliability,
    weighted_kappa,
)
from training.report.robustness import Sweep
from training.run_folder import RunRecord

ROUNDS = 50
FEW_PHOTOS, FEW_IN_GRADE = 300, 10
FALL = 0.10
"""A disturbance that costs more of the accuracy than this is named as a limit."""
PACKAGES = (
    "edge-sorter",
    "tensorflow",
    "keras",
    "ai-edge-litert",
    "numpy",
    "opencv-python-headless",
)
NOT_STATED = "not stated"
CPU_INFO = Path("/proc/cpuinfo")


def about_answers(result: Evaluation, manifest: Manifest, *, ordered: bool) -> dict[str, Any]:
    """Calibration, costs, mix-ups and what is unsure.

    Args:
        result: of the int8 file on the test part.
        manifest: of the bundle.
        ordered: the grades are steps of one scale, by their worth.
    """
    worths = [grade.worth for grade in manifest.grades]
    bins = reliability(result.probabilities, result.truth)
    chosen = counts(result.truth, result.chosen, len(result.grades))
    right, decided = result.chosen == result.truth, result.decided
    found: dict[str, Any] = {
        "ece": calibration_error(bins),
        "reliability": [asdict(one) for one in bins],
        "cost": {
            "declared": manifest.cost is not None,
            "per_100": cost_per_100(chosen, manifest.cost),
            "per_100_likeliest": cost_per_100(result.confusion, manifest.cost),
        },
        "mix_ups": [
            asdict(one) for one in mix_ups(result.grades, worths, result.confusion, manifest.cost)
        ],
        "decided": {
            "right": int((right & decided).sum()),
            "wrong": int((~right & decided).sum()),
            "unsure_right": int((right & ~decided).sum()),
            "unsure_wrong": int((~right & ~decided).sum()),
        },
        "scale": None,
    }
    if ordered:
        ranks = [sorted(worths).index(worth) for worth in worths]
        found["scale"] = {
            "kappa": weighted_kappa(result.confusion, ranks),
            "far_errors": far_errors(result.confusion, ranks),
        }
    return found


def about_packing(
    by_float: NDArray[np.intp], by_int8: NDArray[np.intp], truth: NDArray[np.intp]
) -> dict[str, Any]:
    """What quantization changed, photo by photo."""
    return {
        "agreement": float((by_float == by_int8).mean()),
        "only_float_right": int(((by_float == truth) & (by_int8 != truth)).sum()),
        "only_int8_right": int(((by_float != truth) & (by_int8 == truth)).sum()),
    }


def about_sweep(found: Sweep) -> dict[str, Any]:
    """The robustness sweep."""
    return {
        "n": found.n,
        "accuracy": found.accuracy,
        "rows": [
            {
                "what": row.what.name,
                "unit": row.what.unit,
                "strengths": list(row.what.strengths),
                "accuracies": row.accuracies,
            }
            for row in found.rows
        ],
    }


def about_speed(model: bytes) -> dict[str, Any]:
    """How long one photo takes here."""
    return {
        "median_ms": round(int8_file.invoke_ms([model], rounds=ROUNDS)[0], 3),
        "rounds": ROUNDS,
        "machine": machine(),
    }


def about_model(record: RunRecord, manifest: Manifest, metrics: dict[str, Any]) -> dict[str, Any]:
    """The model card: where it comes from and where it ends.

    Args:
        record: of the run.
        manifest: of the bundle.
        metrics: with `n`, `confusion`, `notes` and `robustness`.
    """
    groups = Counter(entry.group for entry in record.entries if entry.group is not None)
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "made_on": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "licence": record.licence or NOT_STATED,
        "fingerprint": manifest.training_data.fingerprint,
        "groups": len(groups) or None,
        "largest_group": max(groups.values(), default=None),
        "started_from": _started_from(record),
        "split": manifest.promise.split,
        "seed": record.seed,
        "versions": versions,
        "limits": list(_limits(record, metrics)),
    }


def _started_from(record: RunRecord) -> str:
    """What the network knew before it saw these photos, for people."""
    if record.weights is None:
        return "not recorded by the version that trained it"
    if record.weights == "none":
        return f"the photos in {record.pretrained}" if record.pretrained else "nothing"
    trained = "the rest stays as it was, but for the last layer"
    if record.fine_tune:
        trained = f"the top {record.fine_tune} blocks and the last layer were trained"
    return f"the weights {record.weights}; {trained}"


def _limits(record: RunRecord, metrics: dict[str, Any]) -> Sequence[str]:
    said = [
        f"It knows {', '.join(grade.name for grade in record.grades)} and nothing else: other "
        f"produce is called one of these, or unsure.",
        "The numbers hold for photos like these: the same camera, belt, light and variety. On "
        "another day measure again with 'sorter-train evaluate'.",
    ]
    if metrics["n"] < FEW_PHOTOS:
        said.append(
            f"Only {metrics['n']} photos were left to test on, so every number here is rough."
        )
    counts = [sum(row) for row in metrics["confusion"]]
    rare = [
        f"{name} ({count})"
        for name, count in zip(metrics["grades"], counts, strict=True)
        if count < FEW_IN_GRADE
    ]
    if rare:
        said.append(f"Grades with very few test photos: {', '.join(rare)}.")
    sweep = metrics["robustness"]
    for row in sweep["rows"]:
        for strength, accuracy in zip(row["strengths"], row["accuracies"], strict=True):
            if sweep["accuracy"] - accuracy > FALL:
                said.append(
                    f"{row['what'].capitalize()}: from {strength:g} {row['unit']} on it loses more "
                    f"than {FALL:.0%} of the photos."
                )
                break
    return [*said, *record.notes, *metrics["notes"]]


def machine() -> str:
    """The processor, its cores and the system, for people."""
    name = platform.processor() or platform.machine()
    if CPU_INFO.exists():
        lines = CPU_INFO.read_text(errors="replace").splitlines()
        named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        name = named[0] if named else name
    return f"{name}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def most_confident_errors(result: Evaluation, most: int) -> list[int]:
    """Which photos to show: wrong answers, the surest first; if none, the least sure."""
    best = result.probabilities.max(axis=1)
    wrong = np.flatnonzero(result.said != result.truth)
    if len(wrong):
        return [int(index) for index in wrong[np.argsort(-best[wrong], kind="stable")][:most]]
    return [int(index) for index in np.argsort(best, kind="stable")[: most // 3]]
