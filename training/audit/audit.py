"""The whole audit of a folder of photos."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from training.audit.border import Border, border
from training.audit.files import Finding, Kind, Looked, look
from training.audit.labels import suspects
from training.audit.out_of_fold import FEWEST
from training.copies.pairs import ROUNDS, copies
from training.groups import group
from training.photos import Photo, chunks, scan
from training.progress import Steps

BLURRED = 0.6
"""Sharpness, against the median of the folder, under which a photo is called blurred."""
GREY_SHARE = 0.1
"""Grey photos are odd where fewer than this part of the folder is grey."""
UNEVEN = 5.0
"""So many times the photos of the smallest grade in the largest make the grades uneven."""
FEW = 50
"""Different photos of a grade under which a model is of little use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something to look at in one photo."""

    path: str
    """Relative to the folder."""
    kind: Kind
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """All findings; every path is relative to the folder, with forward slashes."""

    root: Path
    images: int
    """Files that were looked at."""
    grades: dict[str, int]
    """Photos of each grade."""
    corrupt: list[str]
    """Files that cannot be read, or whose end is missing."""
    exact_duplicates: list[list[str]]
    """Photos of equal pixels."""
    near_duplicate_groups: list[list[str]]
    """Copies, turned, flipped, cropped, relit or saved again, with their originals."""
    conflicting_labels: list[list[str]]
    """Groups of copies that lie under more than one grade."""
    suspect_labels: list[str]
    """Photos whose grade is probably wrong, the likeliest first."""
    problems: list[Problem]
    """By file: corrupt, truncated, wrong_extension, tiny, huge, grey, dark, bright, blurred,
    suspect_label."""
    border: Border | None = None
    """What the corners of the photos say about the grades; None if there are too few photos."""
    notes: list[str] = field(default_factory=list)
    """What concerns the folder as a whole, one sentence each."""

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not (self.problems or self.exact_duplicates or self.near_duplicate_groups)

    def as_dict(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "images": self.images,
            "corrupt": self.corrupt,
            "exact_duplicates": self.exact_duplicates,
            "near_duplicate_groups": self.near_duplicate_groups,
            "conflicting_labels": self.conflicting_labels,
            "suspect_labels": self.suspect_labels,
            "grades": self.grades,
            "problems": [
                {"path": one.path, "kind": one.kind, "detail": one.detail} for one in self.problems
            ],
            "border": None if self.border is None else self.border.as_dict(),
            "notes": self.notes,
        }


def audit(root: Path, steps: Steps) -> Audit:
    """Look for everything that would spoil a training or its promise.

    Args:
        root: one sub-folder of photos a grade.
        steps: shows progress.

    Raises:
        PhotosError: there are no photos.
        TrainingError: the extra `train` is not installed.
    """
    found = scan(root)
    names = {photo.path: photo.path.relative_to(root).as_posix() for photo in found}
    problems: list[Problem] = []
    photos: list[Photo] = []
    looked: list[Looked] = []
    advance = steps.start("Reading photos", len(found))
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for chunk in chunks(found):
            for photo, result in zip(chunk, pool.map(look, [p.path for p in chunk]), strict=True):
                advance("")
                findings = (result,) if isinstance(result, Finding) else result.findings
                problems += [_problem(names[photo.path], one) for one in findings]
                if isinstance(result, Looked):
                    photos.append(photo)
                    looked.append(result)
    problems += _odd_ones([names[photo.path] for photo in photos], looked)

    digests = [one.digest for one in looked]
    paths = [names[photo.path] for photo in photos]
    advance = steps.start("Looking for copies", ROUNDS * len(set(digests)))
    twins = copies(digests, [one.picture for one in looked], paths, advance)
    clusters = group(digests, pairs=twins)
    exact = _groups(group(digests))
    near = [members for members in _groups(clusters) if len({digests[m] for m in members}) > 1]
    torn = [m for m in _groups(clusters) if len({photos[index].grade for index in m}) > 1]

    together = group(clusters, [photo.item for photo in photos]) if photos else []
    advance = steps.start("Checking grades", 2)
    wrong, notes = _suspects(photos, looked, together)
    advance("")
    seen = border([one.small for one in looked], [photo.grade for photo in photos], together)
    advance("")
    problems += [_problem(paths[index], one) for index, one in wrong]
    return Audit(
        root=root,
        images=len(found),
        grades=dict(Counter(photo.grade for photo in found)),
        corrupt=[one.path for one in problems if one.kind in ("corrupt", "truncated")],
        exact_duplicates=[[paths[index] for index in members] for members in exact],
        near_duplicate_groups=[[paths[index] for index in members] for members in near],
        conflicting_labels=[[paths[index] for index in members] for members in torn],
        suspect_labels=[paths[index] for index, _ in wrong],
        problems=problems,
        border=seen,
        notes=_balance(photos, clusters) + notes + ([] if seen is None else seen.note()),
    )


def _problem(path: str, one: Finding) -> Problem:
    return Problem(path=path, kind=one.kind, detail=one.detail)


def _odd_ones(paths: Sequence[str], looked: Sequence[Looked]) -> list[Problem]:
    """Photos that differ from the rest of the folder: grey ones, blurred ones."""
    if not looked:
        return []
    odd: list[Problem] = []
    grey = [index for index, one in enumerate(looked) if one.grey]
    if len(grey) < GREY_SHARE * len(looked):
        odd += [
            Problem(path=paths[index], kind="grey", detail="has no colour, most others have")
            for index in grey
        ]
    usual = float(np.median([one.sharpness for one in looked]))
    for path, one in zip(paths, looked, strict=True):
        if one.sharpness < BLURRED * usual:
            detail = f"has {one.sharpness / usual:.0%} of the usual detail; out of focus or moved"
            odd.append(Problem(path=path, kind="blurred", detail=detail))
    return odd


def _groups(numbers: Sequence[int]) -> list[list[int]]:
    """Indices of the photos of each group that has several."""
    members: dict[int, list[int]] = defaultdict(list)
    for index, number in enumerate(numbers):
        members[number].append(index)
    return [group for group in members.values() if len(group) > 1]


def _suspects(
    photos: Sequence[Photo], looked: Sequence[Looked], together: Sequence[int]
) -> tuple[list[tuple[int, Finding]], list[str]]:
    found = suspects([one.small for one in looked], [photo.grade for photo in photos], together)
    if found is None:
        note = f"grades were not checked: that needs two grades of {FEWEST} different photos each"
        return [], [note]
    return [
        (
            one.index,
            Finding(
                kind="suspect_label",
                detail=f"looks like {one.likely}; {one.confidence:.0%} sure of "
                f"{photos[one.index].grade}",
            ),
        )
        for one in found
    ], []


def _balance(photos: Sequence[Photo], clusters: Sequence[int]) -> list[str]:
    """Sentences on how many different photos the grades have."""
    different = {(photo.grade, number) for photo, number in zip(photos, clusters, strict=True)}
    counts = Counter(grade for grade, _ in different)
    if not counts:
        return []
    notes = []
    most, least = max(counts, key=lambda g: counts[g]), min(counts, key=lambda g: counts[g])
    if counts[most] >= UNEVEN * counts[least]:
        notes.append(
            f"the grades are uneven: {most} has {counts[most]} different photos, {least} only "
            f"{counts[least]}; add photos of {least}"
        )
    if few := [grade for grade in sorted(counts) if counts[grade] < FEW]:
        listed = ", ".join(f"{grade} ({counts[grade]})" for grade in few)
        notes.append(f"few different photos: {listed}; from {FEW} a grade on it becomes useful")
    return notes
