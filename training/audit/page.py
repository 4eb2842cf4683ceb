"""The audit as a page with pictures: one file, nothing from the network."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

import cv2
import numpy as np

from sorter.photo import PhotoError, read_photo
from training.audit.audit import Audit
from training.audit.files import Kind
from training.run_folder import write_whole

THUMBNAIL_PX = 112
SHOWN = 200
"""So many photos of one kind are shown; the JSON has all."""
TITLES: dict[Kind, str] = {
    "corrupt": "Files that cannot be read",
    "truncated": "Files whose end is missing",
    "wrong_extension": "Files whose names end wrongly",
    "suspect_label": "Photos whose grade is probably wrong",
    "dark": "Dark photos",
    "bright": "Blown-out photos",
    "blurred": "Blurred photos",
    "grey": "Photos without colour",
    "tiny": "Tiny photos",
    "huge": "Huge photos",
}
STYLE = """
body { font: 16px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em }
.group { border: 1px solid #bbb; border-radius: 6px; display: flex; flex-wrap: wrap;
  margin: .5em 0; padding: .5em }
.photos { display: flex; flex-wrap: wrap }
figure { margin: .3em; width: 8.5em }
figcaption { font-size: 12px; overflow-wrap: anywhere }
img { max-height: 7em; max-width: 7em }
"""


def write_page(path: Path, audit: Audit) -> None:
    """Write the page whole or not at all.

    Args:
        path: of the HTML file.
        audit: its photos must still be where they were.
    """
    write_whole(path, "\n".join(_page(audit)))


def _page(audit: Audit) -> Iterator[str]:
    name = escape(audit.root.resolve().name)
    yield "<!doctype html>"
    yield f'<html lang="en"><head><meta charset="utf-8"><title>Audit of {name}</title>'
    yield f"<style>{STYLE}</style></head><body><h1>Audit of {name}</h1>"
    counts = ", ".join(f"{escape(grade)} {count}" for grade, count in audit.grades.items())
    yield f"<p>{audit.images} photos: {counts}.</p><ul>"
    yield from (f"<li>{escape(note)}</li>" for note in audit.notes)
    yield "</ul>"
    if audit.clean:
        yield "<p>Nothing was found in the photos.</p>"
    yield from _groups(audit, "The same photo under several grades", audit.conflicting_labels)
    yield from _groups(audit, "Copies of photos, changed", audit.near_duplicate_groups)
    yield from _groups(audit, "Exact copies of photos", audit.exact_duplicates)
    for kind, title in TITLES.items():
        own = [problem for problem in audit.problems if problem.kind == kind]
        if not own:
            continue
        yield f'<h2>{title} ({len(own)})</h2><div class="photos">'
        yield from (_photo(audit.root, one.path, one.detail) for one in own[:SHOWN])
        yield f"</div>{_rest(len(own))}"
    yield "</body></html>"


def _groups(audit: Audit, title: str, groups: Sequence[Sequence[str]]) -> Iterator[str]:
    if not groups:
        return
    yield f"<h2>{title} ({len(groups)} groups)</h2>"
    shown = 0
    for group in groups:
        if shown >= SHOWN:
            break
        part = group[: SHOWN - shown]
        yield f'<div class="group">{"".join(_photo(audit.root, path, "") for path in part)}</div>'
        shown += len(part)
    yield _rest(sum(map(len, groups)))


def _rest(total: int) -> str:
    return f"<p>… and {total - SHOWN} more; --json lists all.</p>" if total > SHOWN else ""


def _photo(root: Path, path: str, detail: str) -> str:
    caption = escape(path) + (f"<br>{escape(detail)}" if detail else "")
    return f"<figure>{_thumbnail(root / path)}<figcaption>{caption}</figcaption></figure>"


def _thumbnail(path: Path) -> str:
    try:
        photo = read_photo(path)
    except PhotoError:
        return ""
    scale = THUMBNAIL_PX / max(photo.shape[:2])
    size = [max(1, round(side * scale)) for side in (photo.shape[1], photo.shape[0])]
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    _, data = cv2.imencode(".jpg", cv2.resize(photo, size, interpolation=way))
    coded = base64.b64encode(np.asarray(data).tobytes()).decode("ascii")
    return f'<img alt="" src="data:image/jpeg;base64,{coded}">'
