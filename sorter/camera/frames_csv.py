"""`frames.csv` in a folder of frames: when each was taken and where the belt was."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from sorter.camera.camera import CameraError

FRAMES_CSV = "frames.csv"
COLUMNS = ("file", "time_s", "tick")
LARGEST = 1e12
"""Of a time or a tick: thousands of years, and positions made of it still fit into the records."""
MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFrame:
    """One line of the list."""

    path: Path
    time_s: float
    """Of the middle of the exposure, on the recorder's clock."""
    tick: float | None
    """Belt position at that time, in encoder ticks; None when it was not recorded."""


def read_frames_csv(folder: Path) -> list[RecordedFrame] | None:
    """Read a recording's list of frames; None when the folder has none.

    Raises:
        CameraError: the list is damaged, or a frame that it names is not in the folder.
    """
    path = folder / FRAMES_CSV
    if not path.exists():
        return None
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CameraError(f"{path}: larger than {MAX_BYTES // 2**20} MiB; split the recording")
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
            if missing:
                raise CameraError(
                    f"{path}: has no column {', '.join(missing)}; "
                    f"its first line has to be {','.join(COLUMNS)}"
                )
            frames: list[RecordedFrame] = []
            for row in reader:
                where = f"{path}:{reader.line_num}"
                frame = _frame(folder, row, where)
                if frames and frame.time_s <= frames[-1].time_s:
                    raise CameraError(
                        f"{where}: time_s {row['time_s']} does not come after the "
                        f"line before; sort the lines by time"
                    )
                if frames and (frame.tick is None) != (frames[-1].tick is None):
                    raise CameraError(f"{where}: give a tick on every line or on none")
                frames.append(frame)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CameraError(f"{path}: unreadable ({error}); record again") from error
    if not frames:
        raise CameraError(f"{path}: names no frames; record again")
    return frames


def _frame(folder: Path, row: dict[str, str], where: str) -> RecordedFrame:
    name = row["file"] or ""
    if not name or Path(name).name != name:
        raise CameraError(f"{where}: file {name!r} is no plain file name; keep frames beside it")
    if not (folder / name).is_file():
        raise CameraError(f"{where}: {name} is not in the folder; copy it or remove the line")
    time_s = _number(row, "time_s", where)
    tick = _number(row, "tick", where) if row["tick"] else None
    return RecordedFrame(path=folder / name, time_s=time_s, tick=tick)


def _number(row: dict[str, str], column: str, where: str) -> float:
    try:
        value = float(row[column])
    except (TypeError, ValueError):
        value = math.nan
    # nan fails this too.
    if not abs(value) <= LARGEST:
        raise CameraError(
            f"{where}: {column} is {row[column]!r}; it has to be a number, at most {LARGEST:.0e}"
        )
    return value
