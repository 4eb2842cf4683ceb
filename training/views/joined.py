"""How a bundle joins the views of one item, as `--views` says."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from sorter.bundle import Bundle, Role
from sorter.classifier import Classifier
from sorter.views import Head, Join, fuse
from training.evaluation import Evaluation
from training.progress import Steps
from training.run_folder import RunRecord
from training.split import Part
from training.views.head import KINDS, MEAN
from training.views.items import of_items, report
from training.views.learn_head import LearnedHead, learn_head

FILE = "views.tflite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """What joins the views of an item."""

    by: str
    """One of `head.WAYS`."""
    head: LearnedHead | None = None
    """For the bundle; None: the mean of the log-probabilities."""
    notes: tuple[str, ...] = ()
    """What the user should know."""

    def into(self, bundle: Bundle) -> Bundle:
        """The bundle with the head, if there is one."""
        if self.head is None:
            return bundle
        # A version that does not know the head joins by the mean: that is no worse a promise.
        roles = bundle.manifest.roles | {"views": Role(file=FILE, required=False)}
        return dataclasses.replace(
            bundle,
            manifest=bundle.manifest.model_copy(update={"roles": roles}),
            models=bundle.models | {"views": self.head.model},
            views_golden=self.head.golden,
        )

    def items(self, photos: Evaluation, record: RunRecord, part: Part) -> Evaluation | None:
        """The evaluation of the items of a part, from that of its photos; see `of_items`."""
        join: Join = fuse
        if self.head is not None:
            join = Head(self.head.model, grades=len(record.grades))
        return of_items(photos, record.part(part), join)

    def metrics(self, photos: Evaluation, record: RunRecord) -> dict[str, Any]:
        """The key `items` of the metrics, for an evaluation of the test part."""
        return report(self.items(photos, record, "test"), joined_by=self.by)


def join_views(
    views: str, record: RunRecord, classifier: Classifier, temperature: float, steps: Steps
) -> Joined:
    """Decide how the views of an item are joined; train a head if it was asked for.

    Args:
        views: one of `head.WAYS`.
        record: of the run.
        classifier: of the run.
        temperature: of its logits.
        steps: shows progress.

    Raises:
        TrainingError: too few items have several photos.
    """
    for kind in KINDS:
        if kind == views:
            head, sentence = learn_head(kind, record, classifier, temperature, steps)
            return Joined(by=MEAN if head is None else kind, head=head, notes=(sentence,))
    return Joined(by=MEAN)
