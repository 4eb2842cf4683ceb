"""Measures what a report says about a new bundle, and writes it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sorter.classifier import Classifier
from sorter.frame import Pixels
from training.errors import TrainingError
from training.evaluation import Evaluation
from training.explain.float_network import FloatNetwork
from training.explain.int8_network import Int8Network
from training.explain.occlusion import occlusion
from training.explain.picture import overlay, shown
from training.explain.subject import Map, as_seen, steady_map
from training.photos import Photo, read_all
from training.progress import Steps
from training.report import findings
from training.report.disturbances import DISTURBANCES, disturbed
from training.report.page import Shown, render
from training.report.robustness import affordable, sweep
from training.run_folder import RunRecord, write_whole

REPORT = "report.html"
WORST = 12
WORST_PX, EXAMPLE_PX = 192, 64


def write_report(
    path: Path,
    metrics: dict[str, Any],
    *,
    record: RunRecord,
    network: Any,
    classifier: Classifier,
    result: Evaluation,
    photos: Sequence[Photo],
    steps: Steps,
) -> dict[str, Any]:
    """Measure the rest and write the page whole or not at all.

    Args:
        path: of the HTML file.
        metrics: what `pack` has measured.
        record: of the run.
        network: its Keras model.
        classifier: of the finished bundle.
        result: of the int8 file on the test part.
        photos: of the test part, as many as `result` has, in its order.
        steps: shows progress.

    Returns:
        `metrics` with all that the page says besides.

    Raises:
        PhotosError: photos of the run can no longer be read.
    """
    manifest = classifier.bundle.manifest
    advance = steps.start("Reporting", len(photos) + len(DISTURBANCES))
    _, seen, _ = read_all(
        photos,
        lambda photo: as_seen(photo, manifest.preprocess),
        skip_unreadable=False,
        advance=advance,
    )
    by_float = FloatNetwork(network, result.grades, manifest.preprocess).probabilities(seen)
    chosen = affordable(classifier, len(seen))
    some = [seen[index] for index in chosen]
    worst = findings.most_confident_errors(result, WORST)
    whole = {
        "name": record.name,
        **metrics,
        **findings.about_answers(result, manifest, ordered=record.ordered),
        "quantization": findings.about_packing(by_float.argmax(axis=1), result.said, result.truth),
        "latency": findings.about_speed(classifier.bundle.models["classifier"]),
        "robustness": findings.about_sweep(sweep(classifier, some, result.truth[chosen], advance)),
        "worst": [_named(index, result, photos, record) for index in worst],
    }
    whole["model_card"] = findings.about_model(record, manifest, whole)
    subject = Int8Network(classifier)
    pictures = [
        Shown(
            photo=shown(seen[index], WORST_PX),
            attention=overlay(
                seen[index], _attention(subject, seen[index], int(result.said[index])), WORST_PX
            ),
        )
        for index in worst
    ]
    write_whole(path, render(whole, pictures, _examples(some[len(some) // 2])))
    return whole


def _attention(subject: Int8Network, photo: Pixels, grade: int) -> Map:
    """The class map; the occlusion of a model of which none can be made."""
    try:
        return steady_map(subject, photo, grade)
    except TrainingError:
        return occlusion(subject, photo, grade)


def _named(
    index: int, result: Evaluation, photos: Sequence[Photo], record: RunRecord
) -> dict[str, Any]:
    said = int(result.said[index])
    return {
        "path": photos[index].path.relative_to(record.photos).as_posix(),
        "truth": result.grades[int(result.truth[index])],
        "said": result.grades[said],
        "probability": float(result.probabilities[index, said]),
    }


def _examples(photo: Pixels) -> list[list[Pixels]]:
    return [
        [
            shown(np.asarray(disturbed([photo], what, strength)[0]), EXAMPLE_PX)
            for strength in what.strengths
        ]
        for what in DISTURBANCES
    ]
