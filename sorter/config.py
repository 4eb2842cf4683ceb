"""`sorter.yaml`: what the machine looks like."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    model_validator,
)
from pydantic_core import CoreSchema

from firmware_bridge.compiled_in import CHANNELS
from sorter.stream_address import misfit_of_address

Name = Annotated[str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True)]


ConfiguredPath = Annotated[Path, Field(strict=False)]

ColourGains = Annotated[
    list[Annotated[float, Field(gt=0, le=32)]], Field(min_length=2, max_length=2)
]

Policy = Literal["warn", "doubt", "stop"]
"""Of a fault: told and recorded; items also ride to the default outlet; the belt also stops."""

Keys = tuple[str | int, ...]
"""Way to a value in the file: section, key, position in a list."""


class MisfitError(ValueError):
    """Values that are fine one by one and do not fit together."""

    def __init__(self, *misfits: tuple[Keys, str]) -> None:
        """Each misfit is the way to a value, from the section that found it, and a sentence."""
        self.misfits = misfits
        super().__init__("; ".join(sentence for _, sentence in misfits))


class _Section(BaseModel):
    # Strict: YAML's own types are the truth, so that `fps: yes` is an error and not 1.0.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class MachineConfig(_Section):
    """The machine as a whole."""

    name: Name = "line-1"


def is_number(text: str) -> bool:
    """A camera's number, in plain digits: `²` and its kind are digits too, and no numbers."""
    return text.isascii() and text.isdecimal() and len(text) <= 4


class CameraConfig(_Section):
    """Where frames come from and how they lie over the belt."""

    source: Literal["v4l2", "picamera2", "gstreamer", "rtsp", "file", "twin"] = "v4l2"
    device: str = "/dev/video0"
    """Path or number for `v4l2`, number for `picamera2`, pipeline for `gstreamer`, address for
    `rtsp`, a video or a folder of frames for `file`."""
    width: int = Field(default=1280, ge=64, le=4096)
    """Pixels."""
    height: int = Field(default=720, ge=64, le=4096)
    """Pixels."""
    fps: float = Field(default=60, ge=0.1, le=240)
    rotate_deg: Literal[0, 90, 180, 270] = 0
    """Clockwise turn after which the belt runs from left to right."""
    pixel_format: Annotated[str, StringConstraints(min_length=4, max_length=4)] = "MJPG"
    """Of `v4l2`."""
    exposure_ms: float | None = Field(default=None, ge=0.01, le=1000)
    """Fixed, as are the three after it; left to the camera unless given."""
    gain: float | None = Field(default=None, ge=0, le=10_000)
    """In the driver's units for `v4l2`, analogue gain for `picamera2`."""
    white_balance_k: int | None = Field(default=None, ge=1000, le=20_000)
    """Of `v4l2`."""
    colour_gains: ColourGains | None = None
    """Of red and of blue, for `picamera2`."""
    mm_per_px: float = Field(default=0.4, ge=0.001, le=10)
    """On the belt plane, after turning."""
    reference_px: int | None = Field(default=None, ge=0)
    """Column of the reference line, after turning; the middle of the image unless given."""
    calibration: ConfiguredPath | None = None
    """File that `sorter calibrate` wrote; without one the camera looks straight down through a
    perfect lens, and items read too large by their height."""

    @model_validator(mode="after")
    def _source_fits(self) -> CameraConfig:
        misfits: list[tuple[Keys, str]] = []
        for key, sources in _TOLD_TO.items():
            if getattr(self, key) is not None and self.source not in sources:
                sentence = f"source {self.source} cannot be told this; only {' and '.join(sources)}"
                misfits.append(((key,), sentence))
        if self.source == "rtsp" and (misfit := misfit_of_address(self.device)) is not None:
            misfits.append((("device",), misfit))
        if self.source == "gstreamer" and "appsink" not in self.device:
            sentence = (
                "has to be a pipeline that ends in '... ! video/x-raw,format=BGR ! "
                "appsink max-buffers=2 drop=false'"
            )
            misfits.append((("device",), sentence))
        if self.source == "picamera2" and not is_number(self.device.removeprefix("/dev/video")):
            sentence = 'has to be the number of the camera, as in "0"'
            misfits.append((("device",), f"{sentence}; found {self.device!r}"))
        if misfits:
            raise MisfitError(*misfits)
        return self

    @property
    def field_px(self) -> tuple[int, int]:
        """Size of a frame after turning: along the belt, across it."""
        if self.rotate_deg in (90, 270):
            return self.height, self.width
        return self.width, self.height

    @property
    def reference_mm(self) -> float:
        """Distance of the reference line from the left edge of the image."""
        along_px, _ = self.field_px
        reference_px = along_px / 2 if self.reference_px is None else self.reference_px
        return reference_px * self.mm_per_px


_TOLD_TO = {
    "exposure_ms": ("v4l2", "picamera2"),
    "gain": ("v4l2", "picamera2"),
    "white_balance_k": ("v4l2",),
    "colour_gains": ("picamera2",),
}
"""Settings of the camera by the sources that can be told them."""


class FaultsConfig(_Section):
    """What follows from a fault; without frames or without board the belt stops in any case."""

    dark: Policy = "stop"
    """The picture is black: lamp off, lens covered."""
    exposure: Policy = "doubt"
    """The picture, or one of its colours, has become much brighter or darker at once."""
    dirty: Policy = "warn"
    """Spots stand still in the picture while the belt moves."""
    focus: Policy = "doubt"
    """The picture has become much less sharp."""
    bin_full: Policy = "stop"
    """The board's free input says that a bin is full."""
    jammed: Policy = "warn"
    """An item is held in the camera's view while the belt runs on beneath it."""


class BeltConfig(_Section):
    """The conveyor."""

    mm_per_tick: float = Field(default=0.5, ge=0.001, le=20)
    length_mm: float = Field(default=1500, gt=0, le=100_000)
    """From the camera's reference line to the end of the belt."""
    speed_mm_per_s: float = Field(default=300, ge=0.1, le=5000)
    """Nominal; used where there is no encoder to ask."""
    encoder: bool = True
    """Without one the board makes the ticks itself, at the nominal speed while the belt runs."""
    lane_edges_mm: list[Annotated[float, Field(gt=0, le=10_000)]] | None = Field(
        default=None, max_length=7
    )
    """Where one lane ends and the next begins, across the belt from the image's upper edge. Unless
    given, the lanes that outlets have, from 0 on, share the image alike."""
    trust_stop_s: float = Field(default=10, ge=0.5, le=3600)
    """After a longer stop everything in or past the camera's view rides to the default outlet:
    hands may have moved it."""

    @model_validator(mode="after")
    def _edges_ascend(self) -> BeltConfig:
        edges = self.lane_edges_mm or []
        if any(low >= high for low, high in pairwise(edges)):
            raise MisfitError((("lane_edges_mm",), "has to ascend, from the image's upper edge on"))
        return self

    @property
    def virtual_ticks_per_s(self) -> float:
        """What the board has to make of ticks itself; 0 where an encoder counts them."""
        return 0.0 if self.encoder else self.speed_mm_per_s / self.mm_per_tick


class PassedBeamConfig(_Section):
    """The board's downstream beam: it sees what is still on the belt."""

    at_mm: float = Field(gt=0)
    """From the camera's reference line along the belt."""
    lane: int = Field(default=0, ge=0, le=7)


class BoardConfig(_Section):
    """The actuation board."""

    port: str = "/dev/sorter-mcu"
    baud: int = Field(default=250_000, ge=9600, le=2_000_000)
    passed_beam: PassedBeamConfig | None = None


class ModelConfig(_Section):
    """The model bundle in use."""

    path: ConfiguredPath = Path("/var/lib/sorter/models/current.sorter")


class RecordsConfig(_Section):
    """Where the records are kept."""

    path: ConfiguredPath = Path("/var/lib/sorter/records.sqlite")


class CollectConfig(_Section):
    """Photos of items, kept for teaching."""

    folder: ConfiguredPath | None = None
    """Each run makes a folder of its own in it; nothing is kept without one."""
    every: int = Field(default=100, ge=1, le=1_000_000)
    """Each n-th item."""
    doubtful: bool = True
    """And every item of which the model is unsure, or that it does not know at all."""
    most_mb: int = Field(default=2000, ge=1, le=10_000_000)
    """That all the photos in the folder may take; then no more are kept."""


class FinderConfig(_Section):
    """How items are found in a frame."""

    source: Literal["background", "detector"] = "background"
    """By their difference to the empty belt, or by the bundle's detector."""


class LimitsConfig(_Section):
    """What a measure may be: `[low, high]`, `{min: low}`, `{max: high}` or both."""

    min: float | None = Field(default=None, ge=0)
    max: float | None = Field(default=None, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, values: Any) -> Any:
        if isinstance(values, list) and len(values) == 2:
            return {"min": values[0], "max": values[1]}
        return values

    @model_validator(mode="after")
    def _some(self) -> LimitsConfig:
        if self.min is None and self.max is None:
            raise ValueError("limits nothing; give [low, high], {min: low} or {max: high}")
        if self.min is not None and self.max is not None and self.min >= self.max:
            raise ValueError(f"from {self.min:g} to {self.max:g} there is nothing; swap them")
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Editors are told of the short form too."""
        pair = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
        return {"anyOf": [pair, handler.resolve_ref_schema(handler(core))]}


class OutletConfig(_Section):
    """One way off the belt."""

    name: Name
    lane: int = Field(default=0, ge=0, le=7)
    channel: int | None = Field(default=None, ge=0, le=7)
    """Of the board; every outlet but the default one has its own."""
    at_mm: float | None = Field(default=None, gt=0)
    """Middle of the outlet, from the camera's reference line along the belt."""
    grades: list[Name] = []
    default: bool = False
    """The end of the belt; takes everything that is not shot."""
    length_mm: LimitsConfig | None = None
    """Size that an item of the grades has to have as well, as the three after it."""
    width_mm: LimitsConfig | None = None
    bend_mm: LimitsConfig | None = None
    volume_cm3: LimitsConfig | None = None
    every: int | None = Field(default=None, ge=2, le=100_000)
    """A sample: takes each n-th item that fits, before all other outlets."""
    quota: int | None = Field(default=None, ge=1, le=10_000_000)
    """Items that it takes in one lot."""
    opening_ms: float = Field(default=0, ge=0, le=500)
    """From the board's order until it pushes; the board adds nothing of its own."""
    closing_ms: float = Field(default=0, ge=0, le=500)
    cycle_ms: float = Field(default=5, ge=0, le=5000)
    """Least time from a closing to the next opening."""

    @property
    def choosy(self) -> bool:
        """It does not take every item of its grades."""
        rules = (self.length_mm, self.width_mm, self.bend_mm, self.volume_cm3)
        return any(one is not None for one in (*rules, self.every, self.quota))

    @model_validator(mode="after")
    def _whole(self) -> OutletConfig:
        if self.default:
            if self.channel is not None or self.at_mm is not None:
                raise ValueError("the default outlet is the end of the belt: no channel, no at_mm")
            if self.choosy:
                raise ValueError("the default outlet takes everything: no size, every or quota")
        elif self.channel is None or self.at_mm is None:
            raise ValueError("needs channel and at_mm (only the default outlet has none)")
        elif not self.grades:
            raise ValueError("takes no grades; name them in grades: [...] or remove the outlet")
        return self


class SorterConfig(_Section):
    """The whole file."""

    machine: MachineConfig = MachineConfig()
    camera: CameraConfig = CameraConfig()
    belt: BeltConfig = BeltConfig()
    board: BoardConfig = BoardConfig()
    model: ModelConfig = ModelConfig()
    finder: FinderConfig = FinderConfig()
    records: RecordsConfig = RecordsConfig()
    collect: CollectConfig = CollectConfig()
    faults: FaultsConfig = FaultsConfig()
    outlets: list[OutletConfig] = Field(min_length=1)

    @model_validator(mode="after")
    def _outlets_fit(self) -> SorterConfig:
        misfits: list[tuple[Keys, str]] = []
        if sum(outlet.default for outlet in self.outlets) != 1:
            misfits.append(
                (("outlets",), "exactly one outlet has to be the default (default: true)")
            )
        shot_at = sum(not outlet.default for outlet in self.outlets)
        if shot_at > CHANNELS:
            sentence = f"a board has {CHANNELS} channels, too few for {shot_at} outlets to shoot at"
            misfits.append((("outlets",), sentence))
        seen: set[tuple[str, object]] = set()
        for k, outlet in enumerate(self.outlets):
            taken: list[tuple[Keys, str, object]] = [((k, "name"), "name", outlet.name)]
            if outlet.channel is not None:
                taken.append(((k, "channel"), "channel", outlet.channel))
            for n, grade in enumerate(outlet.grades):
                taken.append(((k, "grades", n), f"lane {outlet.lane} grade", grade))
            for keys, what, value in taken:
                if (what, value) in seen:
                    sentence = f"the {what} {value} is given twice"
                    if what not in ("name", "channel"):
                        sentence += "; an outlet that takes part of a grade only has to come first"
                    misfits.append((("outlets", *keys), sentence))
                if what in ("name", "channel") or not outlet.choosy:
                    # What one outlet leaves of a grade, another one may take.
                    seen.add((what, value))
            if outlet.lane >= self.lanes:
                sentence = f"{outlet.name} has a lane beyond the last of belt.lane_edges_mm"
                misfits.append((("outlets", k, "lane"), sentence))
            if outlet.at_mm is not None and outlet.at_mm >= self.belt.length_mm:
                misfits.append(
                    (
                        ("outlets", k, "at_mm"),
                        f"{outlet.name} at {outlet.at_mm:g} mm lies beyond the end of the belt "
                        f"(belt.length_mm: {self.belt.length_mm:g})",
                    )
                )
        beam = self.board.passed_beam
        if beam is not None and beam.lane >= self.lanes:
            sentence = f"there is no lane {beam.lane}; the last one is {self.lanes - 1}"
            misfits.append((("board", "passed_beam", "lane"), sentence))
        if beam is not None and beam.at_mm >= self.belt.length_mm:
            sentence = f"lies beyond the end of the belt (belt.length_mm: {self.belt.length_mm:g})"
            misfits.append((("board", "passed_beam", "at_mm"), sentence))
        if misfits:
            raise MisfitError(*misfits)
        return self

    @property
    def lanes(self) -> int:
        """Lanes of the belt, the first one at the upper edge of the image."""
        edges = self.belt.lane_edges_mm
        if edges is not None:
            return len(edges) + 1
        return 1 + max(outlet.lane for outlet in self.outlets)

    @property
    def default_outlet(self) -> OutletConfig:
        """The end of the belt."""
        return next(outlet for outlet in self.outlets if outlet.default)
