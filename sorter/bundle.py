"""The model bundle `NAME.sorter`: a zip with a model and all that it needs to be trusted."""

from __future__ import annotations

import hashlib
import io
import tokenize
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sorter.errors import SorterError
from sorter.preprocess import Preprocess
from sorter.stranger import FEATURES, Familiar
from sorter.whole_file import whole_file

FORMAT = 1
KNOWN_ROLES = frozenset({"classifier", "views", "detector"})
"""`views` joins what the classifier says about several views of one item; see `sorter.views`.
`detector` finds the items in a frame; see `sorter.finding.detector`."""
MAX_FILES = 32
MAX_UNPACKED_BYTES = 256 * 1024 * 1024
MANIFEST, GOLDEN, SUMS = "bundle.json", "golden.npz", "SHA256SUMS"
Number = TypeVar("Number", np.int8, np.float32)
_FIXED_DATE = (1980, 1, 1, 0, 0, 0)


class BundleError(SorterError):
    """The file is no bundle that this version can use."""


class Role(BaseModel):
    """One model in the bundle."""

    model_config = ConfigDict(frozen=True)

    file: str
    required: bool = True


class Grade(BaseModel):
    """One grade; the list in the manifest is in the order of the model's outputs."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    name: str = Field(min_length=1)
    worth: float = 0.0
    """Higher is better; unordered grades share one worth."""


class Promise(BaseModel):
    """The accuracy that the bundle promises, by forced top-1 of the int8 file."""

    model_config = ConfigDict(frozen=True)

    accuracy: float = Field(ge=0, le=1)
    accuracy_low: float = Field(ge=0, le=1)
    accuracy_high: float = Field(ge=0, le=1)
    n: int = Field(ge=1)
    split: str
    method: str


class TrainingData(BaseModel):
    """What the model was trained on."""

    model_config = ConfigDict(frozen=True)

    fingerprint: str
    """SHA-256 over the sorted digests of the photos."""
    photos: int


class Stranger(BaseModel):
    """When a photo is like nothing that the model was taught; see `sorter.stranger`."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    file: str = "stranger.npz"
    above: float = Field(gt=0)
    share: float = Field(ge=0, le=1)
    """Of the photos of known produce that are called strange."""


class DetectorInput(BaseModel):
    """What the detector wants, and when an answer of it counts."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    colour_order: Literal["RGB", "BGR"] = "RGB"
    mean: float = 127.5
    std: float = Field(default=127.5, gt=0)
    """The network sees `(level - mean) / std`."""
    least_score: float = Field(default=0.5, gt=0, lt=1)
    most_overlap: float = Field(default=0.5, gt=0, lt=1)
    """Intersection over union of two boxes above which they are one item, found twice."""


class Manifest(BaseModel):
    """`bundle.json`."""

    # No comparison with nan holds: as a worth or a cost it would choose the first grade, the best.
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    format: int = FORMAT
    name: str
    roles: dict[str, Role] = {"classifier": Role(file="model.tflite")}
    grades: list[Grade] = Field(min_length=2)
    preprocess: Preprocess
    temperature: float = Field(default=1.0, gt=0)
    """The logits are divided by it before the softmax (Guo et al. 2017)."""
    unsure_below: float = Field(default=0.0, ge=0, le=1)
    """A best probability that is not over this is called unsure; at 1 every one is."""
    stranger: Stranger | None = None
    detector: DetectorInput = DetectorInput()
    """Means something only where the bundle holds a detector."""
    measures: tuple[str, ...] = ()
    """What of the item's shape the classifier takes as its second input; see `sorter.shape`."""
    cost: list[list[float]] | None = None
    """`cost[truth][said]`; None: every error costs the same."""
    training_data: TrainingData
    promise: Promise

    @model_validator(mode="after")
    def _grades_fit(self) -> Manifest:
        names = self.grade_names
        if len(set(names)) != len(names):
            raise ValueError("a grade is named twice")
        n = len(names)
        if self.cost is not None and [len(row) for row in self.cost] != [n] * n:
            raise ValueError(f"cost must be {n} rows of {n} numbers")
        if self.cost is not None and any(
            row[k] != 0 or min(row) < 0 for k, row in enumerate(self.cost)
        ):
            raise ValueError("cost must be 0 for the right grade and nowhere under it")
        return self

    @property
    def grade_names(self) -> list[str]:
        """Names of the grades in the order of the model's outputs."""
        return [grade.name for grade in self.grades]


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """Inputs with the outputs that the packing machine got, to be replayed on the device."""

    inputs: NDArray[np.int8]
    """n × size × size × 3."""
    outputs: NDArray[np.int8]
    """n × grades, as the int8 model gives them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle in memory."""

    manifest: Manifest
    golden: Golden
    models: dict[str, bytes] = field(repr=False)
    """TFLite files by role."""
    views_golden: Golden | None = None
    """Of the role `views`: inputs n × steps × grades, outputs n × grades."""
    familiar: Familiar | None = None
    """There if the manifest says when a photo is strange."""

    def save(self, path: Path) -> None:
        """Write the bundle whole or not at all; the same content gives the same bytes."""
        files: dict[str, bytes] = {
            MANIFEST: self.manifest.model_dump_json(indent=2).encode(),
            GOLDEN: _npz(**self._golden_arrays()),
        }
        for role, entry in self.manifest.roles.items():
            files[entry.file] = self.models[role]
        if self.manifest.stranger is not None and self.familiar is not None:
            files[self.manifest.stranger.file] = _npz(
                means=self.familiar.means, whitening=self.familiar.whitening
            )
        sums = "".join(f"{_digest(data)}  {name}\n" for name, data in files.items())
        files[SUMS] = sums.encode()
        with (
            whole_file(path) as partial,
            zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            for name, data in files.items():
                info = zipfile.ZipInfo(name, _FIXED_DATE)
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, data)

    def _golden_arrays(self) -> dict[str, NDArray[np.int8]]:
        arrays = {"inputs": self.golden.inputs, "outputs": self.golden.outputs}
        if self.views_golden is not None:
            arrays["views_inputs"] = self.views_golden.inputs
            arrays["views_outputs"] = self.views_golden.outputs
        return arrays

    @classmethod
    def load(cls, path: Path) -> Bundle:
        """Read and verify a bundle.

        Raises:
            BundleError: the file is missing, damaged, not a bundle, or of a newer format.
        """
        files = _unpack(path)
        manifest = _manifest(path, files)
        models = {}
        for role, entry in manifest.roles.items():
            if role not in KNOWN_ROLES:
                if entry.required:
                    raise BundleError(
                        f"{path}: the bundle needs a model of the role '{role}', which this "
                        f"version does not know; update the sorter"
                    )
                continue
            if entry.file not in files:
                raise BundleError(f"{path}: {entry.file} is missing; pack or copy the bundle again")
            models[role] = files[entry.file]
        if "classifier" not in models:
            raise BundleError(f"{path}: has no classifier; pack the bundle again")
        golden, views_golden = _golden(path, files)
        return cls(
            manifest=manifest,
            golden=golden,
            models=models,
            views_golden=views_golden,
            familiar=_familiar(path, files, manifest.stranger),
        )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _npz(**arrays: NDArray[Any]) -> bytes:
    # np.savez stamps the time of day into the zip; a bundle has to be reproducible.
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            body = io.BytesIO()
            np.lib.format.write_array(body, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _FIXED_DATE), body.getvalue())
    return out.getvalue()


class _TooLargeError(Exception):
    """A zip that would unpack to more than any bundle holds."""


_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
_NO_ARRAY = (KeyError, OSError, OverflowError, SyntaxError, TypeError, tokenize.TokenError)
"""What NumPy and its parser of array headers raise besides."""


def _unzip(source: Path | io.BytesIO) -> dict[str, bytes]:
    with zipfile.ZipFile(source) as archive:
        entries = archive.infolist()
        size = sum(entry.file_size for entry in entries)
        if len(entries) > MAX_FILES or size > MAX_UNPACKED_BYTES:
            raise _TooLargeError
        if any(entry.compress_type not in _COMPRESSIONS for entry in entries):
            raise zipfile.BadZipFile("compressed in a way that no bundle is")
        return {entry.filename: archive.read(entry) for entry in entries}


def _unpack(path: Path) -> dict[str, bytes]:
    try:
        files = _unzip(path)
    except _TooLargeError as error:
        raise BundleError(f"{path}: too large to be a bundle; check the path") from error
    except OSError as error:
        raise BundleError(
            f"{path}: {error.strerror or error}; give the path of a bundle"
        ) from error
    except _DAMAGED as error:
        raise BundleError(
            f"{path}: not a model bundle, or damaged; make one with 'sorter-train run'"
        ) from error
    if MANIFEST not in files or SUMS not in files:
        raise BundleError(
            f"{path}: a zip, but not a model bundle; make one with 'sorter-train run'"
        )
    return files


def _manifest(path: Path, files: dict[str, bytes]) -> Manifest:
    listed = {}
    for line in files[SUMS].decode("ascii", "replace").splitlines():
        digest, _, name = line.partition("  ")
        listed[name] = digest
    for name, data in files.items():
        if name != SUMS and listed.get(name) != _digest(data):
            raise BundleError(f"{path}: {name} is damaged (SHA-256 differs); copy the bundle again")
    try:
        # The format is read on its own first: a newer bundle may fail every other rule.
        found = _Format.model_validate_json(files[MANIFEST]).format
        if found > FORMAT:
            raise BundleError(
                f"{path}: bundle format {found} is newer than this version reads ({FORMAT}); "
                f"update the sorter"
            )
        return Manifest.model_validate_json(files[MANIFEST])
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BundleError(
            f"{path}: {MANIFEST}: {where}: {first['msg']}; pack the bundle again"
        ) from error


class _Format(BaseModel):
    format: int = Field(ge=1)


def _golden(path: Path, files: dict[str, bytes]) -> tuple[Golden, Golden | None]:
    """The classifier's and, if there is one, that of the model of views."""
    try:
        arrays = _unzip(io.BytesIO(files[GOLDEN]))
        golden = _pair(arrays, "", inputs_ndim=4)
        views = _pair(arrays, "views_", inputs_ndim=3) if "views_inputs.npy" in arrays else None
    except (_TooLargeError, *_NO_ARRAY, *_DAMAGED) as error:
        raise BundleError(f"{path}: {GOLDEN} is unreadable; pack the bundle again") from error
    if golden is None or ("views_inputs.npy" in arrays and views is None):
        raise BundleError(f"{path}: {GOLDEN} has the wrong shape; pack the bundle again")
    return golden, views


def _pair(arrays: dict[str, bytes], prefix: str, *, inputs_ndim: int) -> Golden | None:
    """None if the arrays cannot belong together."""
    inputs = _int8_array(arrays[f"{prefix}inputs.npy"])
    outputs = _int8_array(arrays[f"{prefix}outputs.npy"])
    if inputs.ndim != inputs_ndim or outputs.ndim != 2 or not 0 < len(inputs) == len(outputs):
        return None
    return Golden(inputs=inputs, outputs=outputs)


def _familiar(path: Path, files: dict[str, bytes], rule: Stranger | None) -> Familiar | None:
    if rule is None:
        return None
    if rule.file not in files:
        raise BundleError(f"{path}: {rule.file} is missing; pack or copy the bundle again")
    try:
        arrays = _unzip(io.BytesIO(files[rule.file]))
        means = _array(arrays["means.npy"], np.float32)
        whitening = _array(arrays["whitening.npy"], np.float32)
    except (_TooLargeError, *_NO_ARRAY, *_DAMAGED) as error:
        raise BundleError(f"{path}: {rule.file} is unreadable; pack the bundle again") from error
    if means.shape != (len(means), FEATURES) or whitening.shape != (FEATURES, FEATURES):
        raise BundleError(f"{path}: {rule.file} has the wrong shape; pack the bundle again")
    if not len(means) or not np.isfinite(means).all() or not np.isfinite(whitening).all():
        raise BundleError(f"{path}: {rule.file} holds no numbers; pack the bundle again")
    return Familiar(means=means, whitening=whitening, above=rule.above)


def _int8_array(data: bytes) -> NDArray[np.int8]:
    return _array(data, np.int8)


def _array(data: bytes, wanted: type[Number]) -> NDArray[Number]:
    # NumPy's own reader allocates what the header claims before it looks for the data.
    body = io.BytesIO(data)
    version = np.lib.format.read_magic(body)
    if version != (1, 0):
        raise ValueError(f"array format {version}")
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(body)
    if dtype != wanted or fortran_order:
        raise ValueError(f"{dtype} array")
    return np.frombuffer(body.read(), wanted).reshape(shape)
