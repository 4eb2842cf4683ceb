"""The second half of `run`: from a run folder to a bundle that keeps its promise."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from sorter.bundle import Bundle, Golden, Manifest, Promise, Stranger, TrainingData
from sorter.classifier import Classifier, softmax
from sorter.decision_rule import DecisionRule, strange
from sorter.photo import read_photo
from sorter.shape import MEASURES
from training.calibration import TARGET_ERROR, UnsureRule, fit_temperature, unsure_rule
from training.errors import TrainingError
from training.evaluation import Evaluation, answers
from training.out_path import check_out
from training.photos import digest, name_some, read_all
from training.progress import Steps
from training.quantize import TFLITE
from training.quantized import Quantized, quantized
from training.report.report import REPORT, write_report
from training.run_folder import METRICS, RunRecord, load_network, write_whole
from training.split import PARTS
from training.strangers import SHARE
from training.views.head import MEAN
from training.views.joined import join_views

GOLDEN = 8
METHOD = (
    "forced top-1 of the int8 file on photos it never saw; 95 % Wilson interval, photos "
    "of one item and copies counted once"
)


def pack(
    run: Path,
    out: Path,
    steps: Steps,
    *,
    target_error: float = TARGET_ERROR,
    by: str = TFLITE,
    views: str = MEAN,
    report: bool = True,
) -> dict[str, Any]:
    """Quantize a run's network, calibrate it and write the bundle, `metrics.json` and a report.

    Everything from the temperature on is measured on the int8 file, through the device's
    classifier: the temperature on the validation and calibration parts, the unsure threshold on the
    calibration part, the promise on the test part.

    Args:
        run: folder that `learn` wrote; its photos must still be where they were.
        out: path of the bundle.
        steps: shows progress.
        target_error: wanted share of wrong grades among all items, 0 … 1.
        by: name of the quantizer.
        views: how the views of one item are joined, one of `head.WAYS`.
        report: measure what `report.html` says besides, and write it.

    Returns:
        The metrics.

    Raises:
        TrainingError: the run folder is damaged, its photos are gone, or are too few to quantize
            on, or the int8 file is worse than the network.
        PhotosError: photos of the run can no longer be read.
    """
    started = time.monotonic()
    if out.is_dir():
        raise TrainingError(f"{out}: is a folder; give a file with --out")
    check_out(out)
    record = RunRecord.load(run)
    gone = [photo.path for part in PARTS for photo in record.part(part) if not photo.path.is_file()]
    if gone:
        raise TrainingError(
            f"{len(gone)} photos of this run are gone: {name_some(gone)}; put them back, or run "
            f"'sorter-train fit' again"
        )
    _check_photos(record, steps)
    out.parent.mkdir(parents=True, exist_ok=True)
    network = load_network(run)
    int8 = quantized(network, record, by=by, steps=steps)
    draft = _draft(record, int8)
    classifier = Classifier(draft)

    calibration, test = record.part("calibration"), record.part("test")
    advance = steps.start("Calibrating", len(calibration))
    said = answers(classifier, calibration, advance=advance)
    # The validation part picked one epoch of many, which flatters it little; a temperature of the
    # calibration part alone, of 40 photos say, is off by so much that confidence is by 6 points.
    temperature = fit_temperature(
        np.concatenate([int8.validation_logits, said.logits]),
        np.concatenate([int8.validation_truth, said.truth]),
    )
    known = Evaluation(
        grades=classifier.grades,
        truth=said.truth,
        probabilities=softmax(said.logits / temperature),
        rule=DecisionRule(draft.manifest),
        groups=record.groups("calibration"),
    )
    joined = join_views(views, record, classifier, temperature, steps)
    unsure = threshold(known, joined.items(known, record, "calibration"), target_error)
    decided_by = draft.manifest.model_copy(
        update={"temperature": temperature, "unsure_below": unsure.unsure_below}
    )
    advance = steps.start("Evaluating", len(test))
    said = answers(classifier, test, advance=advance)
    result = Evaluation(
        grades=classifier.grades,
        truth=said.truth,
        probabilities=softmax(said.logits / temperature),
        rule=DecisionRule(decided_by),
        strangeness=said.strangeness,
        groups=record.groups("test"),
    )

    low, high = result.interval
    copies = "all" if record.group_copies else "exact"
    promise = Promise(
        accuracy=result.accuracy,
        accuracy_low=low,
        accuracy_high=high,
        n=result.n,
        split=f"{record.way}, stratified, views of one item and {copies} copies kept together, "
        f"seed {record.seed}",
        method=METHOD,
    )
    spread = np.linspace(0, len(test) - 1, min(GOLDEN, len(test))).astype(int)
    golden = classifier.quantize([read_photo(test[index].path) for index in spread])
    bundle = joined.into(
        dataclasses.replace(
            draft,
            manifest=decided_by.model_copy(update={"promise": promise}),
            golden=Golden(inputs=golden, outputs=classifier.invoke(golden)),
        )
    )
    bundle.save(out)
    metrics = {
        **promise.model_dump(),
        **result.as_dict(),
        **joined.metrics(result, record),
        "int8_accuracy": result.accuracy,
        "float_accuracy": record.float_accuracy,
        "baseline": _baseline(record),
        "photos": {part: len(record.part(part)) for part in PARTS},
        "int8_range_photos": int8.ranges,
        "quantizer": by,
        "parity": {
            "n": int8.parity.n,
            "lost": int8.parity.lost,
            "gained": int8.parity.gained,
            "p_value": int8.parity.p_value,
        },
        "model": record.model,
        "size_px": record.preprocess.size_px,
        "parameters": record.parameters,
        "size_bytes": out.stat().st_size,
        "epochs": record.epochs,
        "best_epoch": record.best_epoch,
        "temperature": temperature,
        "unsure_below": unsure.unsure_below,
        "wrong_wanted": unsure.wanted,
        "wrong_promised": unsure.promised,
        "strange": float(strange(said.strangeness).mean()),
        "folds": record.folds and record.folds.model_dump(),
        "notes": [*unsure.notes(), *joined.notes],
        "seconds": round(record.seconds + time.monotonic() - started, 1),
    }
    if report:
        metrics = write_report(
            run / REPORT,
            metrics,
            record=record,
            network=network,
            classifier=Classifier(bundle),
            result=result,
            photos=test,
            steps=steps,
        )
    write_whole(run / METRICS, json.dumps(metrics, indent=1))
    return metrics


def threshold(photos: Evaluation, items: Evaluation | None, target_error: float) -> UnsureRule:
    """The lowest threshold that keeps the promise both ways in which the sorter may meet an item.

    Args:
        photos: of the calibration part: items of which one view is seen.
        items: the same, each judged by all of its views; None if none has several.
        target_error: see `unsure_rule`.
    """
    rules = [
        unsure_rule(
            one.probabilities,
            one.chosen == one.truth,
            target_error=target_error,
            groups=one.groups,
        )
        for one in (photos, items)
        if one is not None
    ]
    return max(rules, key=lambda rule: rule.unsure_below)


def _check_photos(record: RunRecord, steps: Steps) -> None:
    """A photo that was exchanged since may be one that the network has learnt from."""
    photos = [photo for part in PARTS for photo in record.part(part)]
    then = [entry.digest for part in PARTS for entry in record.entries if entry.part == part]
    advance = steps.start("Checking photos", len(photos))
    _, now, _ = read_all(photos, digest, skip_unreadable=False, advance=advance)
    changed = [photo.path for photo, a, b in zip(photos, then, now, strict=True) if a != b]
    if changed:
        raise TrainingError(
            f"{len(changed)} photos are not those of this run any more: {name_some(changed)}; "
            f"put them back, or run 'sorter-train fit' again"
        )


def _draft(record: RunRecord, int8: Quantized) -> Bundle:
    """A bundle for the device's classifier to run, before it is known how good it is."""
    size, grades = record.preprocess.size_px, len(record.grades)
    digests = sorted(entry.digest for entry in record.entries)
    manifest = Manifest(
        name=record.name,
        grades=record.grades,
        preprocess=record.preprocess,
        measures=MEASURES if record.shape else (),
        stranger=Stranger(above=int8.familiar.above, share=SHARE),
        cost=record.cost,
        training_data=TrainingData(
            fingerprint=hashlib.sha256("\n".join(digests).encode()).hexdigest(),
            photos=len(digests),
        ),
        promise=Promise(
            accuracy=0, accuracy_low=0, accuracy_high=1, n=1, split="none yet", method="none yet"
        ),
    )
    nothing = Golden(
        inputs=np.zeros((0, size, size, 3), np.int8), outputs=np.zeros((0, grades), np.int8)
    )
    return Bundle(
        manifest=manifest,
        golden=nothing,
        models={"classifier": int8.model},
        familiar=int8.familiar,
    )


def _baseline(record: RunRecord) -> float:
    """Share of the test photos that always saying the commonest training grade gets right."""
    train = [photo.grade for photo in record.part("train")]
    test = [photo.grade for photo in record.part("test")]
    return test.count(max(set(train), key=train.count)) / len(test)
