"""What a training would fail for, found before its photos are read, which takes minutes."""

from __future__ import annotations

from pathlib import Path

from training import transfer, weights, zoo
from training.errors import PhotosError
from training.fit import Method
from training.photos import scan
from training.zoo.backbones import BACKBONES


def check_network(method: Method, size_px: int) -> None:
    """Try a network's size and its weights; those of `imagenet` are downloaded here.

    Args:
        method: of the training; its network may be `auto`.
        size_px: side of the input.

    Raises:
        TrainingError: the input is too small for it, the weights do not fit or cannot be had, or
            the backbone has not so many blocks.
    """
    name = method.model
    if name == weights.AUTO:
        name = zoo.DEFAULT if method.weights == weights.NONE else weights.fitting(method.weights)
    zoo.check_size(name, size_px)
    if method.weights == weights.NONE:
        return
    chosen = BACKBONES[name]
    assert chosen.application is not None
    backbone = chosen.application(None)
    weights.load(backbone, method.weights, name)
    if method.fine_tune:
        transfer.lowest_trained(backbone, method.fine_tune, chosen.block_ends or "")


def check_other_photos(root: Path) -> None:
    """Look at a folder of photos to learn from first.

    Raises:
        PhotosError: it holds no photos in folders, or of one grade alone.
    """
    grades = {photo.grade for photo in scan(root)}
    if len(grades) < 2:
        raise PhotosError(
            f"--pretrain: {root} has only one grade ({', '.join(grades)}), of which nothing can be "
            f"learned; give at least two folders of photos"
        )
