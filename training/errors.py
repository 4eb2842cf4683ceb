"""Errors of the training side that end a command with a sentence."""

from __future__ import annotations

from sorter.errors import SorterError


class PhotosError(SorterError):
    """The folder of photos, or a file in it, cannot be trained on or evaluated."""


class TrainingError(SorterError):
    """A training, its run folder or its settings cannot be used."""
