"""A run folder: a trained network with all that is needed to pack it later."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sorter.bundle import Grade
from sorter.preprocess import Preprocess
from sorter.whole_file import whole_file
from training import backend
from training.errors import TrainingError
from training.groups import check_apart
from training.over_folds import FoldAccuracy
from training.photos import Photo
from training.split import Part, Way

RECORD, NETWORK, METRICS, BUNDLE = "run.json", "model.keras", "metrics.json", "model.sorter"
FORMAT = 1


class Entry(BaseModel):
    """One photo of the run."""

    model_config = ConfigDict(frozen=True)

    path: str
    """Relative to the folder of the photos, with forward slashes."""
    grade: str
    digest: str
    """SHA-256 of the decoded pixels."""
    part: Part
    item: str | None = None
    """Key of the item that it shows, if there are other photos of it."""
    group: int | None = None
    """Photos of one item and copies share it, and lie in one part; None in older runs."""


class RunRecord(BaseModel):
    """`run.json`."""

    model_config = ConfigDict(frozen=True)

    format: int = Field(default=FORMAT, le=FORMAT)
    name: str
    photos: Path
    """Absolute path of the folder that was trained on."""
    grades: list[Grade]
    cost: list[list[float]] | None = None
    """`cost[truth][said]`; None: every error costs the same."""
    ordered: bool = False
    """Whether the grades are steps of one scale, by their worth."""
    licence: str | None = None
    """Of the photos, as `grades.yaml` states it."""
    preprocess: Preprocess
    model: str
    shape: bool = False
    """The network takes the item's measured shape, too."""
    weights: str | None = None
    """That a backbone began with: `none`, `imagenet` or the name of a file; None in older runs."""
    fine_tune: int = 0
    """Top blocks of a backbone with weights that were trained too."""
    pretrained: str | None = None
    """Name of the folder of other photos that was learned from first."""
    seed: int
    way: Way
    group_copies: bool = False
    """Whether changed copies, and not only exact ones, were kept in one part."""
    entries: list[Entry]
    epochs: int
    best_epoch: int
    parameters: int
    validation_accuracy: float
    float_accuracy: float
    """Of the network before quantization, on the test part."""
    folds: FoldAccuracy | None = None
    seconds: float
    asked: str = ""
    """What tells the command and the files that it was given from others."""
    notes: list[str] = []
    """What the user should know about the photos, one sentence each."""

    @model_validator(mode="after")
    def _apart(self) -> RunRecord:
        grouped = [(one.group, one.part) for one in self.entries if one.group is not None]
        check_apart([number for number, _ in grouped], [part for _, part in grouped])
        return self

    def part(self, part: Part) -> list[Photo]:
        """The photos of one part."""
        return [
            Photo(path=self.photos / entry.path, grade=entry.grade, item=entry.item)
            for entry in self.entries
            if entry.part == part
        ]

    def groups(self, part: Part) -> list[Hashable]:
        """What the photos of one part show: those of one item, and copies, have one key."""
        # With whole sessions kept together, a group is a session and holds many items.
        sessions = self.way == "sessions"
        return [
            (entry.item or entry.digest) if sessions or entry.group is None else entry.group
            for entry in self.entries
            if entry.part == part
        ]

    def save(self, folder: Path, network: Any) -> None:
        """Write the folder; the record comes last and vouches for the network."""
        with whole_file(folder / NETWORK) as partial:
            network.save(partial)
        write_whole(folder / RECORD, self.model_dump_json(indent=1))

    @classmethod
    def load(cls, folder: Path) -> RunRecord:
        """Read the record of a run folder.

        Raises:
            TrainingError: it is missing or damaged.
            PhotosError: photos that belong together lie in two parts.
        """
        path = folder / RECORD
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise TrainingError(
                f"{folder}: not a run folder ({RECORD}: {error.strerror}); "
                f"make one with 'sorter-train fit'"
            ) from error
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "the file"
            raise TrainingError(
                f"{path}: {where}: {error.errors()[0]['msg']}; run 'sorter-train fit' again"
            ) from error


def load_network(folder: Path) -> Any:
    """The Keras model of a run folder.

    Raises:
        TrainingError: it is missing or damaged.
    """
    keras = backend.keras()
    try:
        return keras.models.load_model(folder / NETWORK, compile=False)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(
            f"{folder / NETWORK}: missing or damaged; run 'sorter-train fit' again"
        ) from error


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")
