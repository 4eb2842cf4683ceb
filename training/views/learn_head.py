"""From a run and its calibrated int8 classifier to a head for the views of one item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sorter.bundle import Golden
from sorter.classifier import Classifier, softmax
from sorter.views import Head, fuse
from training import backend
from training.augment import augment
from training.calibration import fit_temperature
from training.errors import TrainingError
from training.evaluation import answers
from training.photos import Photo, read_all
from training.progress import Steps
from training.run_folder import RunRecord
from training.split import PARTS, Part
from training.views import head
from training.views.head import Kind, Viewed
from training.views.items import items

FEWEST: dict[Part, int] = {"train": 20, "validation": 5, "calibration": 5}
"""Items of several views that each part needs."""
PASSES = 4
"""Times that the training items are shown augmented: on photos that it has learned by heart, the
classifier is surer than it ever will be on the belt."""
GOLDEN = 8
AT_ONCE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedHead:
    """A model for the role `views`."""

    model: bytes
    golden: Golden


def learn_head(
    kind: Kind, record: RunRecord, classifier: Classifier, temperature: float, steps: Steps
) -> tuple[LearnedHead | None, str]:
    """Train a recurrent head on what the classifier says about the run's photos.

    Args:
        kind: of the recurrent layer.
        record: of the run.
        classifier: of the run.
        temperature: of its logits.
        steps: shows progress.

    Returns:
        The head, and a sentence on it. None where it gets fewer items of the validation and
        calibration parts right than the mean does.

    Raises:
        TrainingError: too few items have several photos.
    """
    shown: dict[Part, list[list[int]]] = {}
    for part in PARTS:
        several = [views for views in items(record.part(part)) if len(views) > 1]
        if len(several) < FEWEST.get(part, 0):
            raise TrainingError(
                f"--views {kind}: only {len(several)} items of the {part} part have several "
                f"photos, at least {FEWEST[part]} are needed; take several photos of more items "
                f"and name them in photos.csv, or leave --views out"
            )
        shown[part] = several

    def viewed(part: Part, passes: int = 0) -> Viewed:
        photos, members = record.part(part), shown[part]
        advance = steps.start("Looking at views", len(photos))
        said = answers(classifier, photos, advance=advance)
        truth, logits = said.truth, said.logits
        rounds = [logits]
        for number in range(passes):
            rounds.append(_augmented_logits(classifier, photos, record.seed + number, steps))
        return Viewed(
            views=[softmax(rows[views] / temperature) for rows in rounds for views in members],
            truth=np.tile(truth[[views[0] for views in members]], len(rounds)),
        )

    train, validation, calibration = (
        viewed("train", PASSES),
        viewed("validation"),
        viewed("calibration"),
    )
    advance = steps.start(f"Training the {kind}", head.EPOCHS)
    model = head.train(kind, train, validation, seed=record.seed, advance=advance)
    cooled = fit_temperature(head.logits(model, calibration), calibration.truth)
    file = head.to_int8(kind, model, train, temperature=cooled)

    device = Head(file, grades=len(record.grades))
    judged = Viewed(
        views=validation.views + calibration.views,
        truth=np.concatenate([validation.truth, calibration.truth]),
    )
    right, plain = (
        sum(int(join(v).argmax() == t) for v, t in zip(judged.views, judged.truth, strict=True))
        for join in (device, fuse)
    )
    compared = f"{right} of {len(judged.truth)} items that picked it right, the mean {plain}"
    if right < plain:
        return None, f"the {kind} over the views was left out: it gets {compared}"
    laid = head.laid_out(judged.views[:GOLDEN], device.steps)
    golden = np.stack([device.quantize(one) for one in laid])
    return (
        LearnedHead(model=file, golden=Golden(inputs=golden, outputs=device.invoke(golden))),
        f"the {kind} over the views gets {compared}",
    )


def _augmented_logits(
    classifier: Classifier, photos: Sequence[Photo], seed: int, steps: Steps
) -> NDArray[np.float64]:
    tf = backend.tensorflow()
    preprocess = classifier.bundle.manifest.preprocess
    advance = steps.start("Looking at views", len(photos))
    _, inputs, _ = read_all(photos, preprocess, skip_unreadable=False, advance=advance)
    rows = []
    for start in range(0, len(inputs), AT_ONCE):
        levels = tf.constant(np.stack(inputs[start : start + AT_ONCE]).astype(np.float32))
        changed = np.asarray(augment(levels, tf.constant([seed, start], tf.int64)))
        bgr = changed[..., ::-1] if preprocess.colour_order == "RGB" else changed
        rows += [classifier.logits([one])[0] for one in np.rint(bgr).astype(np.uint8)]
    return np.stack(rows)
