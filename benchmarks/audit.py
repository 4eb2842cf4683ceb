"""How many of the copies that are put among real photos the audit finds, and how many it invents.

A copy counts as found when it is in one group with its original, and a relabelled one when that
group is among the conflicting ones too. Two lemons more than `NEIGHBOURS` numbers apart are
different lemons: the photos are numbered in the order in which they were taken.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from benchmarks.report import RESULTS, Report
from benchmarks.sets import DATA
from sorter.frame import Pixels
from sorter.photo import read_photo
from training.audit.audit import Audit, audit
from training.audit.page import write_page
from training.progress import steps

ORIGINALS = 60
"""So many photos of a set get a copy of each kind."""
NEIGHBOURS = 5
FOUND = 95.0
FALSE_PAIRS = 1.0
SEED = 4

Change = Callable[[Pixels, np.random.Generator], Pixels]


def measure(report: Report) -> None:
    """Audit each set with copies added; write the page of each beside the results."""
    for name in ("cucumber9", "lemons"):
        photos = DATA / name
        if not photos.is_dir():
            print(f"skipped {name}: no photos in {photos}; set SORTER_DATA to their folder")
            continue
        with tempfile.TemporaryDirectory() as folder, steps() as bars:
            root = Path(folder) / name
            shutil.copytree(photos, root, copy_function=shutil.copyfile)
            # The photos may lie in a folder that nobody may write to.
            for own in (root, *root.iterdir()):
                own.chmod(0o755 if own.is_dir() else 0o644)
            shutil.rmtree(root / "empty_background", ignore_errors=True)
            copies = add_copies(root, np.random.default_rng(SEED))
            started = time.monotonic()
            found = audit(root, bars)
            seconds = time.monotonic() - started
            RESULTS.mkdir(exist_ok=True)
            write_page(RESULTS / f"audit-{name}.html", found)
        hits: dict[str, list[bool]] = defaultdict(list)
        for kind, original, copy in copies:
            hits[kind].append(_together(found, original, copy, relabelled="relabelled" in kind))
        for kind, found_of_kind in hits.items():
            known, made = sum(found_of_kind), len(found_of_kind)
            print(f"       {name} {kind}: {known} of {made}")
        every = list(itertools.chain(*hits.values()))
        report.at_least(f"{name} copies found", round(100 * float(np.mean(every)), 1), "%", FOUND)
        print(f"       {name}: {found.images} photos in {seconds:.0f} s")
        if found.border is not None:
            print(f"       {name}: {found.border.accuracy:.0%} right by the corners alone")
        if name == "lemons":
            added = {copy for _, _, copy in copies}
            share = 100 * len(_in_false_pairs(found, added)) / (found.images - len(added))
            report.at_most("lemons in a false pair", round(share, 2), "%", FALSE_PAIRS)


def add_copies(root: Path, random: np.random.Generator) -> list[tuple[str, str, str]]:
    """Put a copy of each kind of some photos into the folder.

    Returns:
        Kind, path of the original and of the copy.
    """
    photos = sorted(path for path in root.rglob("*.*") if path.parent != root)
    grades = sorted({path.parent.name for path in photos})
    added: list[tuple[str, str, str]] = []
    for index in sorted(random.permutation(len(photos))[:ORIGINALS]):
        original = photos[index]
        pixels = read_photo(original)
        for kind, change in CHANGES.items():
            grade = original.parent.name
            if kind.startswith("relabelled"):
                grade = str(random.choice([other for other in grades if other != grade]))
            # No hint in the name.
            copy = root / grade / f"{90000 + len(added)}{original.suffix}"
            cv2.imwrite(str(copy), change(pixels, random))
            places = [path.relative_to(root).as_posix() for path in (original, copy)]
            added.append((kind, places[0], places[1]))
    return added


def _turned(photo: Pixels, random: np.random.Generator) -> Pixels:
    height, width = photo.shape[:2]
    angle = float(random.uniform(-25, 25))
    warp = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 1)
    return np.asarray(cv2.warpAffine(photo, warp, (width, height)), np.uint8)


def _cropped(photo: Pixels, random: np.random.Generator) -> Pixels:
    height, width = photo.shape[:2]
    rows, columns = (round(float(random.uniform(0.75, 0.95)) * n) for n in (height, width))
    top, left = random.integers(0, height - rows + 1), random.integers(0, width - columns + 1)
    return photo[top : top + rows, left : left + columns]


def _enlarged(photo: Pixels, random: np.random.Generator) -> Pixels:
    size = (photo.shape[1], photo.shape[0])
    return np.asarray(cv2.resize(_cropped(photo, random), size), np.uint8)


def _relit(photo: Pixels, gain: float, offset: float) -> Pixels:
    return np.asarray(np.clip(photo.astype(np.float32) * gain + offset, 0, 255), np.uint8)


def _mirrored(photo: Pixels, random: np.random.Generator) -> Pixels:
    return np.ascontiguousarray(photo[:, ::-1] if random.random() < 0.5 else photo[::-1])


CHANGES: dict[str, Change] = {
    "quarter turns": lambda photo, random: np.rot90(photo, int(random.integers(1, 4))).copy(),
    "turned by up to 25°": _turned,
    "mirrored": _mirrored,
    "brighter": lambda photo, random: _relit(photo, random.uniform(1.1, 1.4), 10),
    "darker": lambda photo, random: _relit(photo, random.uniform(0.55, 0.9), -5),
    "cropped": _cropped,
    "cropped and enlarged": _enlarged,
    "relabelled": lambda photo, _: photo,
    "relabelled and mirrored": _mirrored,
}


def _together(found: Audit, original: str, copy: str, *, relabelled: bool) -> bool:
    groups = [*found.near_duplicate_groups, *found.exact_duplicates]
    if relabelled:
        groups = found.conflicting_labels
    return any(original in group and copy in group for group in groups)


def _in_false_pairs(found: Audit, added: set[str]) -> set[str]:
    """Lemons, but for added copies, in one group with one more than `NEIGHBOURS` numbers away."""
    wrong = set()
    for group in found.near_duplicate_groups + found.exact_duplicates:
        real = [Path(path) for path in group if path not in added]
        for one, other in itertools.combinations(real, 2):
            if one.parent != other.parent or abs(int(one.stem) - int(other.stem)) > NEIGHBOURS:
                print(f"       false pair: {one} {other}")
                wrong |= {str(one), str(other)}
    return wrong
