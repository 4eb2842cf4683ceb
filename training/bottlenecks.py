"""What a frozen backbone says about photos, kept on disk: it never says anything else."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels
from sorter.preprocess import Preprocess
from training import backend
from training.augment import augment
from training.errors import TrainingError
from training.loop import predictor
from training.progress import Advance

FILE = "bottlenecks.sqlite"
AT_ONCE = 32
"""Photos between two writes: no more is lost in a kill."""
FORMAT = 3
"""Raised when `augment` changes, or what a backbone of the zoo makes of its input, so that features
of old are not taken for new ones: EfficientNetV2B0's were once of photos scaled otherwise."""


def default_cache() -> Path:
    """Where the bottlenecks of all runs lie unless the user says otherwise."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "edge-sorter" / FILE


class BottleneckCache:
    """Feature vectors by key, in SQLite: a kill leaves all that was written before."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.execute("CREATE TABLE IF NOT EXISTS bottlenecks (key BLOB PRIMARY KEY, x BLOB)")

    def get(self, key: bytes) -> NDArray[np.float32] | None:
        """The vector of a key, if it is known."""
        row = self._database.execute("SELECT x FROM bottlenecks WHERE key = ?", (key,)).fetchone()
        return None if row is None else np.frombuffer(row[0], np.float32)

    def put(self, vectors: dict[bytes, NDArray[np.float32]]) -> None:
        """Remember vectors, all or none."""
        rows = [(key, vector.tobytes()) for key, vector in vectors.items()]
        with self._database:
            self._database.executemany("INSERT OR REPLACE INTO bottlenecks VALUES (?, ?)", rows)


@contextmanager
def open_cache(path: Path) -> Iterator[BottleneckCache]:
    """Open the file, made if it is not there.

    Raises:
        TrainingError: it cannot be read or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(path, timeout=60)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            yield BottleneckCache(database)
        finally:
            database.close()
    except (sqlite3.Error, OSError) as error:
        raise TrainingError(
            f"{path}: the cache of bottlenecks fails ({error}); free some space, or delete it: it "
            f"is made anew"
        ) from error


def bottlenecks(
    trunk: Any,
    inputs: Pixels,
    *,
    views: int,
    full_turn: bool,
    preprocess: Preprocess,
    backbone: str,
    cache: BottleneckCache,
    advance: Advance,
) -> NDArray[np.float32]:
    """Features of photos as they are and of augmented views of them.

    Args:
        trunk: Keras model from scaled photos to features.
        inputs: n × size × size × 3, as `preprocess` gives them.
        views: of each photo; the first is the photo itself, the rest are augmented by seeds that
            follow from the photo alone.
        full_turn: see `augment`.
        preprocess: that made the inputs.
        backbone: what tells the trunk and its weights from others.
        cache: of all photos that were ever asked for.
        advance: called once a photo.

    Returns:
        n × views × channels.
    """
    context = f"{FORMAT} {backbone} {preprocess.model_dump_json()} {full_turn}"
    predict, view = predictor(trunk), _viewer(full_turn)
    found: list[NDArray[np.float32]] = []
    for start in range(0, len(inputs), AT_ONCE):
        chunk = inputs[start : start + AT_ONCE]
        wanted = [
            (_key(context, photo, number), photo, number)
            for photo in chunk
            for number in range(views)
        ]
        known = {key: vector for key, _, _ in wanted if (vector := cache.get(key)) is not None}
        missing = [one for one in wanted if one[0] not in known]
        if missing:
            levels = np.stack([view(photo, key, number) for key, photo, number in missing])
            made = predict(((levels - preprocess.mean) / preprocess.std).astype(np.float32))
            new = {one[0]: x.astype(np.float32) for one, x in zip(missing, made, strict=True)}
            cache.put(new)
            known |= new
        found += [known[key] for key, _, _ in wanted]
        for _ in chunk:
            advance("")
    return np.stack(found).reshape(len(inputs), views, -1)


def _key(context: str, photo: Pixels, view: int) -> bytes:
    digest = hashlib.sha256(context.encode() + np.ascontiguousarray(photo).tobytes()).digest()
    return digest + bytes([view])


def _viewer(full_turn: bool) -> Callable[[Pixels, bytes, int], NDArray[np.float32]]:
    tf = backend.tensorflow()
    run = tf.function(lambda photo, seed: augment(photo, seed, full_turn=full_turn))

    def view(photo: Pixels, key: bytes, number: int) -> NDArray[np.float32]:
        levels = photo.astype(np.float32)
        if number == 0:
            return levels
        seed = tf.constant([int.from_bytes(key[:6], "big"), number], tf.int64)
        return np.asarray(run(tf.constant(levels[None]), seed)[0])

    return view
