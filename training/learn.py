"""The first half of `run`: from a folder of photos to a run folder."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sorter.bundle import Grade
from training import distribution, photos, weights, zoo
from training.choose import CHOSEN, MINUTES, Choice, choose
from training.compare import Field
from training.errors import TrainingError
from training.fit import Method, fit
from training.grades import GRADES_FILE, read_grades
from training.grouped import read_grouped
from training.labelled import Labelled
from training.loop import predictor
from training.out_path import check_out
from training.over_folds import over_folds
from training.pretrain import other_photos
from training.progress import Steps
from training.quantize import scaled
from training.ready import check_network, check_other_photos
from training.run_folder import METRICS, RECORD, Entry, RunRecord
from training.split import PARTS, Part, Way, folds, split

RESUME, LOGS = "resume-{}.npz", "logs"
CHOICE, FOLDS = "choice.json", "folds.json"
"""What a training that is killed goes on with; gone when it is done."""
CHOSEN_ON_FOLDS = (
    "the network was chosen by trials on photos that the folds test it on as well, which flatters "
    "the accuracy over folds a little; the promised accuracy is of photos that took no part in it"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Method):
    """What the user can choose."""

    name: str | None = None
    """Of the bundle; the folder's name unless given."""
    size_px: int | None = None
    """Side of the input; by the photos' size unless given."""
    way: Way = "random"
    minutes: float = MINUTES
    """That the trials of `auto` may take."""
    group_copies: bool = True
    """Look for copies that were turned, cropped or relit, and keep them on one side."""
    skip_unreadable: bool = False
    folds: int = 0
    """Number of trainings by which the accuracy is measured besides; 0: none."""
    pretrain: Path | None = None
    """Folder of other photos, with grades of their own, to learn from first."""


def learn(root: Path, out: Path, settings: Settings, steps: Steps) -> RunRecord:
    """Split the photos of a folder, train a network on them and write a run folder.

    After a kill, the same call goes on where the training was.

    Args:
        root: one sub-folder of photos a grade; may hold `grades.yaml`.
        out: run folder, made if it is not there.
        settings: of this run.
        steps: shows progress.

    Raises:
        PhotosError: the photos cannot be trained on.
        TrainingError: the settings or the installation cannot.
    """
    auto = settings.model == weights.AUTO
    architecture = zoo.architecture(zoo.DEFAULT if auto else settings.model)
    weights.check(settings.weights, settings.model)
    if auto and distribution.workers() > 1:
        raise TrainingError(
            "--model auto: its trials are timed, so several workers would choose apart; let one "
            "machine choose, then give that network's name to all"
        )
    if out.resolve().is_relative_to(root.resolve()):
        raise TrainingError(f"{out}: lies among the photos; choose another folder for --out")
    if out.exists() and not out.is_dir():
        raise TrainingError(f"{out}: is a file; give a folder with --out")
    check_out(out)
    if (out / RECORD).exists():
        raise TrainingError(f"{out}: holds a run already; give a new folder with --out")
    found = photos.scan(root)
    declared = read_grades(root, sorted({photo.grade for photo in found}))
    if settings.pretrain:
        check_other_photos(settings.pretrain)
    asked = _asked(root, found, settings)
    grades = declared.in_order()
    strategy = distribution.choose()
    worker = distribution.worker(strategy)

    size_px = settings.size_px or max(architecture.smallest_px, photos.auto_size(found))
    preprocess = architecture.preprocess(size_px, declared.window_mm)
    check_network(settings, size_px)

    read = read_grouped(
        found,
        preprocess,
        way=settings.way,
        group_copies=settings.group_copies,
        skip_unreadable=settings.skip_unreadable,
        steps=steps,
    )
    out.mkdir(parents=True, exist_ok=True)
    parts = split(
        [photo.grade for photo in read.photos], read.groups, way=settings.way, seed=settings.seed
    )
    names = [grade.name for grade in grades]
    labels = np.array([names.index(photo.grade) for photo in read.photos])
    inputs = np.stack(read.results)
    reasons: list[str] = []
    chosen_path, folds_path = out / CHOICE, out / FOLDS
    # Photos may have been exchanged under their names since a kill.
    seen_now = hashlib.sha256("\n".join([asked, *read.digests]).encode()).hexdigest()
    if auto:
        seen = [index for index, part in enumerate(parts) if part in ("train", "validation")]
        choice = Choice.load(chosen_path, seen_now, settings)
        if choice is None:
            choice = choose(
                Labelled(inputs=inputs[seen], labels=labels[seen]),
                [read.photos[index].grade for index in seen],
                [read.groups[index] for index in seen],
                method=settings,
                way=settings.way,
                preprocess=preprocess,
                ranks=declared.ranks(),
                minutes=settings.minutes,
                steps=steps,
            )
            choice.save(chosen_path, seen_now)
        best, reasons = choice.method, [choice.reason]
        settings = replace(settings, **{name: getattr(best, name) for name in CHOSEN})
        seen_by = preprocess.colour_order
        preprocess = zoo.architecture(best.model).preprocess(size_px, declared.window_mm)
        if preprocess.colour_order != seen_by:
            inputs = inputs[..., ::-1]
    data: dict[Part, Labelled] = {}
    for part in PARTS:
        chosen = np.flatnonzero([p == part for p in parts])
        data[part] = Labelled(inputs=inputs[chosen], labels=labels[chosen])
    before = None
    if settings.pretrain:
        before, told = other_photos(settings.pretrain, preprocess, steps, own=read)
        reasons += told
    resume = out / RESUME.format(worker)
    fitted = fit(
        data["train"],
        data["validation"],
        method=settings,
        preprocess=preprocess,
        grades=len(names),
        ranks=declared.ranks(),
        before=before,
        checkpoint=resume,
        logs=out / LOGS,
        strategy=strategy,
        steps=steps,
    )
    by_folds = None
    if settings.folds:
        grades_of = [photo.grade for photo in read.photos]
        field = Field(
            read={(size_px, preprocess.colour_order): Labelled(inputs=inputs, labels=labels)},
            sizes={settings.model: size_px},
            fold_of=np.array(
                folds(
                    grades_of,
                    read.groups,
                    count=settings.folds,
                    way=settings.way,
                    seed=settings.seed,
                )
            ),
            groups=read.shown(settings.way),
            grades=len(names),
            ranks=declared.ranks(),
            window_mm=declared.window_mm,
            before=before,
        )
        by_folds = over_folds(
            field,
            settings,
            steps.start("Testing by folds", settings.folds),
            # Several workers train in step, which they cannot if one of them has done more.
            kept=None if distribution.workers() > 1 else folds_path,
            asked=seen_now,
        )
        if auto:
            reasons.append(CHOSEN_ON_FOLDS)
    assert fitted.validation_accuracy is not None
    said = predictor(fitted.model)(scaled(data["test"].inputs, preprocess)).argmax(axis=1)
    record = RunRecord(
        name=settings.name or root.resolve().name,
        photos=root.resolve(),
        grades=grades,
        cost=declared.costs(),
        ordered=declared.ordered,
        licence=declared.licence,
        preprocess=preprocess,
        model=settings.model,
        shape=settings.takes_shape,
        weights=Path(settings.weights).name,
        fine_tune=settings.fine_tune,
        pretrained=settings.pretrain.resolve().name if settings.pretrain else None,
        seed=settings.seed,
        way=settings.way,
        group_copies=settings.group_copies,
        entries=[
            Entry(
                path=photo.path.relative_to(root).as_posix(),
                grade=photo.grade,
                digest=digest,
                part=part,
                item=photo.item,
                group=group,
            )
            for photo, digest, part, group in zip(
                read.photos, read.digests, parts, read.groups, strict=True
            )
        ],
        epochs=fitted.epochs,
        best_epoch=fitted.best_epoch,
        parameters=fitted.parameters,
        validation_accuracy=fitted.validation_accuracy,
        float_accuracy=float((said == data["test"].labels).mean()),
        folds=by_folds,
        seconds=fitted.seconds,
        asked=asked,
        notes=reasons + read.notes() + _worth_note(root, grades),
    )
    if worker == 0:
        record.save(out, fitted.model)
    resume.unlink(missing_ok=True)
    for path in (chosen_path, folds_path):
        path.unlink(missing_ok=True)
    # What a kill amid a save has left.
    resume.with_name(f"partial.{resume.name}").unlink(missing_ok=True)
    return record


def trained(root: Path, out: Path, settings: Settings) -> RunRecord | None:
    """The record of a training that is done already, if it is this very one and was never packed.

    So a kill or a full disk in the middle of the packing costs no training.

    Args:
        root: as for `learn`.
        out: as for `learn`.
        settings: as for `learn`.

    Raises:
        PhotosError: there are no photos.
    """
    if not (out / RECORD).is_file() or (out / METRICS).exists():
        return None
    try:
        record = RunRecord.load(out)
    except TrainingError:
        return None
    return record if record.asked == _asked(root, photos.scan(root), settings) else None


def _asked(root: Path, found: Sequence[photos.Photo], settings: Settings) -> str:
    digest = hashlib.sha256(f"{root.resolve()} {settings}".encode())
    for photo in found:
        digest.update(f"{photo.path} {photo.item} {photo.session}\n".encode())
    if (declared := root / GRADES_FILE).is_file():
        digest.update(declared.read_bytes())
    return digest.hexdigest()


def _worth_note(root: Path, grades: list[Grade]) -> list[str]:
    if len({grade.worth for grade in grades}) > 1:
        return []
    return [
        f"all grades are worth the same, so the default outlet may name none of them; "
        f"say in {root / 'grades.yaml'} what each is worth"
    ]
