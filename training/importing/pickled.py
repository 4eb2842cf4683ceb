"""CIFAR-style pickles: CIFAR itself, and both prototypes of CUCUMBER-9."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.errors import PhotosError
from training.importing.incoming import Incoming
from training.importing.plain_pickle import MAX_BYTES, load_plain
from training.photos import natural_key

META = "batches.meta"
PATTERNS = ("data_batch*", "test_batch*")
PLANES = (3, 9)
"""A colour photo an item, or three views of it."""


def is_pickle(path: Path) -> bool:
    """Whether a file begins like a pickle of protocol 2 or later, or like an older dict."""
    with path.open("rb") as file:
        head = file.read(2)
    return head[:1] == b"\x80" or head in (b"(d", b"}q")


def batches(folder: Path) -> list[Path]:
    """The pickled batches in a folder, in the order of their numbers."""
    found = {path for pattern in PATTERNS for path in folder.glob(pattern) if path.is_file()}
    return sorted(found, key=lambda path: natural_key(path.name))


def from_pickles(files: Sequence[Path], grades: Sequence[str] | None) -> list[Incoming]:
    """The photos in pickled batches; the views of one item stay one item.

    A batch is a dict of `data` (uint8; planes of red, green and blue of 3 values a pixel an item,
    or of 9 for three views, in rows of any length) and `labels` (one number an item).

    Args:
        files: the batches; each is a session.
        grades: names of the labels, from 0; None: as `batches.meta` beside the files names them.

    Raises:
        PhotosError: a file is no such batch, or a label has no name.
    """
    incoming = []
    for path in files:
        content = _load(path)
        labels = _labels(content, path)
        names = list(grades) if grades else _names(path.parent / META, max(labels))
        if max(labels) >= len(names):
            raise PhotosError(
                f"{path}: has the label {max(labels)}, but only {len(names)} grades are named; "
                f"name them all, in order, with --grades"
            )
        planes = _planes(content, path, len(labels))
        for index, label in enumerate(labels):
            for view in range(planes.shape[1] // 3):
                pixels = planes[index, 3 * view : 3 * view + 3]
                incoming.append(
                    Incoming(
                        name=f"{path}: image {index}",
                        grade=names[label],
                        item=f"{path.name}/{index}",
                        session=path.name,
                        suffix=".png",
                        read=_png(pixels),
                    )
                )
    return incoming


def _load(path: Path) -> dict[str, Any]:
    if path.stat().st_size > MAX_BYTES:
        raise PhotosError(f"{path}: larger than 1 GiB; split it into several files")
    return load_plain(path.read_bytes(), str(path))


def _labels(content: dict[str, Any], path: Path) -> list[int]:
    try:
        values = np.asarray(content["labels"])
    except (KeyError, ValueError) as error:
        raise PhotosError(f"{path}: has no list 'labels'; give a CIFAR-style batch") from error
    if values.ndim != 1 or values.dtype.kind not in "iu" or not len(values) or values.min() < 0:
        raise PhotosError(f"{path}: 'labels' is not a list of numbers from 0; give one an item")
    return [int(value) for value in values]


def _planes(content: dict[str, Any], path: Path, items: int) -> NDArray[np.uint8]:
    """Items × planes × side × side."""
    data = content.get("data")
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8:
        raise PhotosError(f"{path}: has no array 'data' of bytes; give a CIFAR-style batch")
    for planes in PLANES:
        side = math.isqrt(data.size // items // planes)
        if side and items * planes * side * side == data.size:
            return np.ascontiguousarray(data).reshape(items, planes, side, side)
    raise PhotosError(
        f"{path}: 'data' of shape {data.shape} does not hold 3 or 9 square planes for each of "
        f"{items} labels; give the file as it was published"
    )


def _names(meta: Path, largest: int) -> list[str]:
    if not meta.is_file():
        raise PhotosError(
            f"{meta}: is not there to name the {largest + 1} labels; "
            f"name them in order, for example --grades 2L,L,M,S,2S,BL,BM,BS,C"
        )
    names = _load(meta).get("label_names")
    if not isinstance(names, list) or not all(isinstance(name, str | bytes) for name in names):
        raise PhotosError(f"{meta}: has no list 'label_names'; name the labels with --grades")
    return [name.decode("latin1") if isinstance(name, bytes) else name for name in names]


def _png(planes: NDArray[np.uint8]) -> Callable[[], bytes]:
    def encode() -> bytes:
        _, data = cv2.imencode(".png", np.ascontiguousarray(planes[::-1].transpose(1, 2, 0)))
        return data.tobytes()

    return encode
