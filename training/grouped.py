"""Reading photos together with what must stay on one side of a split."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from sorter.frame import Pixels
from training.copies.pairs import ROUNDS, copies
from training.copies.picture import Picture, picture
from training.errors import PhotosError
from training.groups import group
from training.photos import Photo, digest, left_out_note, name_some, read_all
from training.progress import Steps
from training.split import Way, split

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped(Generic[Result]):
    """Photos that could be read, one entry each in every list."""

    photos: list[Photo]
    results: list[Result]
    """What was made of the pixels."""
    digests: list[str]
    """SHA-256 of the pixels."""
    groups: list[int]
    """Photos of one item, copies, and with `sessions` those of one session share a number."""
    unreadable: list[Path]
    """Files that were left out."""
    pictures: list[Picture] = field(default_factory=list)
    """By which copies are told; none where nobody looked for copies."""

    def shown(self, way: Way) -> list[Hashable]:
        """What each photo shows: those of one item, and copies, have one key.

        Args:
            way: with `sessions` a group is a whole session, which shows many items.
        """
        if way != "sessions":
            return list(self.groups)
        both = zip(self.photos, self.digests, strict=True)
        return [photo.item or digest for photo, digest in both]

    def notes(self) -> list[str]:
        """What the user should know about the photos, one sentence each."""
        notes = left_out_note(self.unreadable)
        of_group: dict[int, list[int]] = {}
        for index, number in enumerate(self.groups):
            of_group.setdefault(number, []).append(index)
        torn = [
            self.photos[index].path
            for members in of_group.values()
            if len({self.photos[index].grade for index in members}) > 1
            and len({self.photos[index].session for index in members}) <= 1
            for index in members
        ]
        if torn:
            notes.append(f"the same item lies under two grades; decide on one: {name_some(torn)}")
        return notes


def read_grouped(
    found: Sequence[Photo],
    work: Callable[[Pixels], Result],
    *,
    way: Way,
    group_copies: bool,
    skip_unreadable: bool,
    steps: Steps,
) -> Grouped[Result]:
    """Read photos and find out which belong together.

    Args:
        found: the photos.
        work: gets the pixels (uint8, BGR, any size); runs in threads.
        way: of the split; with `sessions`, those of one session belong together.
        group_copies: look for copies that were turned, flipped, cropped, relit or saved again.
            Exact duplicates and photos of one item belong together in any case.
        skip_unreadable: leave unreadable files out instead of refusing them all.
        steps: shows progress.

    Raises:
        PhotosError: some files are no readable photos, or there is only one grade, or a grade has
            too few photos, items or sessions even before copies are looked for.
    """
    if way == "sessions" and (without := [p.path for p in found if p.session is None]):
        raise PhotosError(
            f"{len(without)} of {len(found)} photos have no session: {name_some(without)}; "
            f"name it in photos.csv beside the folders, or split another way"
        )
    sessions = [photo.session if way == "sessions" else None for photo in found]
    items = [photo.item for photo in found]
    # Cheap refusals first: reading thousands of photos takes minutes.
    split([photo.grade for photo in found], group(items, sessions), way=way)

    read, made, unreadable = read_all(
        found,
        lambda pixels: (digest(pixels), picture(pixels) if group_copies else None, work(pixels)),
        skip_unreadable=skip_unreadable,
        advance=steps.start("Reading photos", len(found)),
    )
    digests = [one for one, _, _ in made]
    pairs: list[tuple[int, int]] = []
    pictures = [shown for _, shown, _ in made if shown is not None]
    if group_copies:
        advance = steps.start("Looking for copies", ROUNDS * len(set(digests)))
        pairs = copies(digests, pictures, [photo.path.as_posix() for photo in read], advance)
    return Grouped(
        photos=read,
        results=[result for _, _, result in made],
        digests=digests,
        groups=group(
            digests,
            [photo.item for photo in read],
            [photo.session if way == "sessions" else None for photo in read],
            pairs=pairs,
        ),
        unreadable=unreadable,
        pictures=pictures,
    )
