"""Pictures that say what a bundle's or a run's network looks at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from sorter.classifier import Classifier
from sorter.frame import Pixels
from sorter.photo import read_photo
from sorter.shape import outline
from sorter.whole_file import whole_file
from training.errors import TrainingError
from training.explain.dream import Dreamer
from training.explain.float_network import FloatNetwork
from training.explain.int8_network import Int8Network
from training.explain.occlusion import occlusion
from training.explain.picture import overlay, row, shown
from training.explain.subject import Map, Subject, as_seen, enlarge, steady_map
from training.out_path import check_out
from training.progress import Steps
from training.run_folder import RunRecord, load_network

NO_GRADIENTS = (
    "a bundle's int8 model has no gradients: it gives the class map and the occlusion; for "
    "saliency, --layer and --dream give the run folder that it was packed from"
)
STRONGEST = 4
"""So many channels are shown where none is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What was found out about one photo."""

    photo: Path
    said: str
    probability: float
    """Calibrated for a bundle, as it comes for a run."""
    on_item: float
    """Share of the class map that lies on the item, 0 … 1."""
    item: float
    """Share of the photo that the item fills: what `on_item` would be by chance."""
    picture: Path
    """Photo, class map, occlusion and, of a run, saliency, side by side."""
    dream: Path | None = None

    def as_dict(self) -> dict[str, Any]:
        """What `--json` prints of it."""
        return {
            key: str(one) if isinstance(one, Path) else one for key, one in asdict(self).items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What to look for in a layer."""

    layer: str
    channel: int | None = None
    """None: those that answer the photos most."""
    dream: bool = False
    steps: int


def load(path: Path) -> Int8Network | FloatNetwork:
    """A run folder's network or a bundle's int8 model.

    Raises:
        BundleError: a file that is no bundle.
        TrainingError: a folder that is no run.
    """
    if not path.is_dir():
        return Int8Network(Classifier.load(path))
    record = RunRecord.load(path)
    grades = [grade.name for grade in record.grades]
    return FloatNetwork(load_network(path), grades, record.preprocess)


def explain(
    network: Int8Network | FloatNetwork,
    photos: Sequence[Path],
    out: Path,
    *,
    look: Look | None,
    seed: int,
    steps: Steps,
) -> tuple[list[Explained], list[Path]]:
    """Write pictures about photos, and about a layer.

    Args:
        network: see `load`.
        photos: files.
        out: folder for the pictures; made if it is not there.
        look: into a layer; only for a run.
        seed: of the noise in saliency and features.
        steps: shows progress.

    Returns:
        What was found about each photo, and the pictures of features.

    Raises:
        PhotoError: a file is no readable photo.
        TrainingError: a layer is asked of a bundle, there is no such layer or channel, or nothing
            can be written to `out`.
    """
    if out.is_file():
        raise TrainingError(f"{out}: is a file; give a folder with --out")
    check_out(out)
    read = [read_photo(path) for path in photos]
    features: list[Path] = []
    dreams: list[Path | None] = [None] * len(read)
    names = _names(photos)
    out.mkdir(parents=True, exist_ok=True)
    if look is not None:
        features, dreams = _look(network, look, read, names, out, seed, steps)
    advance = steps.start("Explaining", len(read))
    found = []
    for path, name, photo, dream in zip(photos, names, read, dreams, strict=True):
        found.append(_about(network, path, photo, out / f"{name}.png", dream, seed))
        advance("")
    return found, features


def attention(subject: Subject, photo: Pixels, grade: int) -> tuple[Map, float, float]:
    """The class map at the size of the input, its share on the item, and the item's of the photo.

    The shares are 0 where nothing is told from the belt, or where nothing speaks for the grade.
    """
    seen = as_seen(photo, subject.preprocess)
    heat = enlarge(steady_map(subject, photo, grade), len(seen))
    mask = outline(seen)
    mask = cv2.resize(mask, (len(seen), len(seen)), interpolation=cv2.INTER_NEAREST)
    return heat, float((heat * mask).sum() / max(heat.sum(), 1e-12)), float(mask.mean())


def _about(
    network: Int8Network | FloatNetwork,
    path: Path,
    photo: Pixels,
    picture: Path,
    dream: Path | None,
    seed: int,
) -> Explained:
    said = network.probabilities([photo])[0]
    grade = int(said.argmax())
    seen = as_seen(photo, network.preprocess)
    heat, on_item, item = attention(network, photo, grade)
    maps = [heat, occlusion(network, photo, grade)]
    if isinstance(network, FloatNetwork):
        maps.append(network.saliency(photo, grade, seed))
    _write(picture, row([shown(seen), *(overlay(seen, one) for one in maps)]))
    return Explained(
        photo=path,
        said=network.grades[grade],
        probability=float(said[grade]),
        on_item=on_item,
        item=item,
        picture=picture,
        dream=dream,
    )


def _look(
    network: Int8Network | FloatNetwork,
    look: Look,
    photos: Sequence[Pixels],
    names: Sequence[str],
    out: Path,
    seed: int,
    steps: Steps,
) -> tuple[list[Path], list[Path | None]]:
    if not isinstance(network, FloatNetwork):
        raise TrainingError(NO_GRADIENTS)
    dreamer = Dreamer(network, look.layer)
    if look.channel is not None and look.channel >= dreamer.channels:
        raise TrainingError(
            f"--channel: found {look.channel}; {dreamer.layer} has the channels 0 to "
            f"{dreamer.channels - 1}"
        )
    channels = [look.channel] if look.channel is not None else _strongest(dreamer, photos)
    advance = steps.start("Dreaming", len(channels) + look.dream * len(photos))
    features = []
    for channel in channels:
        features.append(out / f"feature-{dreamer.layer}-{channel}.png")
        _write(features[-1], dreamer.feature(channel, steps=look.steps, seed=seed))
        advance(f"channel {channel}")
    dreams: list[Path | None] = [None] * len(photos)
    for index, (photo, name) in enumerate(zip(photos, names, strict=True)):
        if look.dream:
            dreams[index] = path = out / f"{name}-dream-{dreamer.layer}.png"
            _write(path, dreamer.dream(photo, look.channel, steps=look.steps, seed=seed))
            advance(name)
    return features, dreams


def _strongest(dreamer: Dreamer, photos: Sequence[Pixels]) -> list[int]:
    """The channels that answer the photos most."""
    total = np.sum([dreamer.answers(photo) for photo in photos], axis=0)
    return [int(channel) for channel in np.argsort(-total, kind="stable")[:STRONGEST]]


def _names(photos: Sequence[Path]) -> list[str]:
    """A name for each photo's pictures; photos of one name are told apart by a number."""
    names: list[str] = []
    for path in photos:
        name, number = path.stem, 2
        while name in names:
            name, number = f"{path.stem}-{number}", number + 1
        names.append(name)
    return names


def _write(path: Path, picture: Pixels) -> None:
    done, data = cv2.imencode(".png", picture)
    assert done
    with whole_file(path) as partial:
        partial.write_bytes(np.asarray(data).tobytes())
