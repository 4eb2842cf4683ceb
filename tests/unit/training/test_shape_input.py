"""The measured shape as a second input, from the network to the device's classifier."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from sorter.bundle import Bundle, Golden
from sorter.classifier import GOLDEN_TOLERANCE, Classifier
from sorter.frame import Pixels
from sorter.photo import read_photo
from sorter.preprocess import Preprocess
from sorter.shape import MEASURES
from tests.factories import make_manifest
from tests.unit.training.folders import write_photos
from training import int8_file
from training.errors import PhotosError
from training.fit import Method, fit
from training.grouped import Grouped, read_grouped
from training.labelled import Labelled
from training.photos import scan
from training.pretrain import other_photos
from training.progress import Silent
from training.quantize import to_int8

SIDE = 32
PREPROCESS = Preprocess(size_px=SIDE)


def long_and_short(n: int, seed: int = 1) -> Labelled:
    """Dark bars of two lengths on a grey belt."""
    random = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    photos = random.integers(170, 180, (n, SIDE, SIDE, 3)).astype(np.uint8)
    for photo, label in zip(photos, labels, strict=True):
        half, row = (12 if label else 7), int(random.integers(12, 20))
        cv2.line(photo, (16 - half, row), (16 + half, row), (40, 90, 50), 5)
    return Labelled(inputs=photos, labels=labels.astype(np.intp))


def packed(model: object, inputs: Pixels) -> Bundle:
    """As `pack` does it, without the calibration."""
    manifest = make_manifest(("short", "long"), preprocess=PREPROCESS, measures=MEASURES)
    draft = Bundle(
        manifest=manifest,
        golden=Golden(
            inputs=np.zeros((0, SIDE, SIDE, 3), np.int8), outputs=np.zeros((0, 2), np.int8)
        ),
        models={"classifier": to_int8(model, inputs, PREPROCESS)},
    )
    classifier = Classifier(draft)
    golden = classifier.quantize([photo[..., ::-1] for photo in inputs[:4]])
    return Bundle(
        manifest=manifest,
        golden=Golden(inputs=golden, outputs=classifier.invoke(golden)),
        models=draft.models,
    )


@pytest.mark.training
def test_the_device_measures_what_the_network_was_trained_on(tmp_path: Path) -> None:
    data = long_and_short(24)
    model = fit(
        data,
        None,
        method=Method(model="lenet", shape=True, epochs=40, mixup=0.2),
        preprocess=PREPROCESS,
        grades=2,
        steps=Silent(),
    ).model
    bundle = packed(model, data.inputs)
    bundle.save(tmp_path / "shaped.sorter")
    device = Classifier.load(tmp_path / "shaped.sorter")
    assert device.golden_deviation() <= GOLDEN_TOLERANCE
    assert device.bundle.manifest.measures == MEASURES
    said = device.logits([photo[..., ::-1] for photo in data.inputs])
    by_file = int8_file.run(bundle.models["classifier"], data.inputs, PREPROCESS)
    assert said == pytest.approx(by_file)
    assert (said.argmax(axis=1) == data.labels).mean() > 0.9


@pytest.mark.training
def test_photos_of_other_grades_teach_the_network_to_see_first(tmp_path: Path) -> None:
    others = long_and_short(12, seed=5)
    for index, photo in enumerate(others.inputs):
        folder = tmp_path / "abc"[index % 3]
        folder.mkdir(exist_ok=True)
        cv2.imwrite(str(folder / f"{index}.png"), photo)
    before, told = other_photos(tmp_path, PREPROCESS, Silent())
    assert told == []
    assert np.bincount(before.labels).tolist() == [4, 4, 4]
    networks = [
        fit(
            long_and_short(12),
            None,
            method=Method(model="lenet", epochs=1, seed=2),
            preprocess=PREPROCESS,
            grades=2,
            before=given,
            steps=Silent(),
        ).model
        for given in (None, before)
    ]
    kernels = [model.layers[1].kernel.numpy() for model in networks]
    assert not np.allclose(*kernels)


def read(root: Path) -> Grouped[float]:
    return read_grouped(
        scan(root),
        lambda pixels: 0.0,
        way="random",
        group_copies=True,
        skip_unreadable=False,
        steps=Silent(),
    )


def test_photos_that_the_training_is_tested_on_teach_nothing_before(tmp_path: Path) -> None:
    own = read(write_photos(tmp_path / "own"))
    others = write_photos(tmp_path / "others", 2, grades=("x", "y"))
    with pytest.raises(PhotosError, match=r"4 of its photos are among .*y/1\.png; give other"):
        other_photos(others, PREPROCESS, Silent(), own=own)


def test_copies_of_photos_that_the_training_is_tested_on_are_left_out(tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "own")
    own = read(photos)
    others = write_photos(tmp_path / "others", 3, grades=("w", "x", "y", "z"))
    for grade in ("w", "x"):
        for number in range(3):
            path = others / grade / f"{number}.png"
            seen = read_photo(path)
            # Two grades' photos are those of the training: brighter, or mirrored.
            changed = cv2.add(seen, (20, 20, 20, 0)) if grade == "w" else seen[:, ::-1]
            cv2.imwrite(str(path), changed)
    kept, told = other_photos(others, PREPROCESS, Silent(), own=own)
    assert kept.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert "left out 6 photos of --pretrain that are copies" in told[0]
    assert "w/0.png" in told[0]
    shutil.rmtree(others / "y")
    with pytest.raises(PhotosError, match=r"6 of 9 photos in .* are copies of those"):
        other_photos(others, PREPROCESS, Silent(), own=own)
