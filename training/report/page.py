"""`report.html`: one file that needs no network, made from the metrics and a few pictures."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from sorter.frame import Pixels

JPEG_QUALITY = 85


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One of the photos that `metrics["worst"]` lists."""

    photo: Pixels
    """uint8, BGR."""
    attention: Pixels


def render(
    metrics: dict[str, Any], worst: Sequence[Shown], examples: Sequence[Sequence[Pixels]]
) -> str:
    """The page.

    Args:
        metrics: what metrics.json holds.
        worst: pictures of the photos in `metrics["worst"]`.
        examples: of each row of `metrics["robustness"]`, a photo at each strength.
    """
    # Late: without the extra `train` it is TensorFlow whose absence ends a command, in a sentence.
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    # Names of grades and files are anybody's: every value is escaped.
    environment = Environment(
        loader=PackageLoader("training.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "of_100": lambda share: f"{100 * share:.0f}",
        "percent": percent,
        "short": short,
    }
    assert environment.loader is not None
    style = environment.loader.get_source(environment, "style.css")[0]
    shown = [
        {**one, "photo": data_uri(pictures.photo), "attention": data_uri(pictures.attention)}
        for one, pictures in zip(metrics["worst"], worst, strict=True)
    ]
    return environment.get_template("page.html").render(
        m=metrics,
        style=Markup(style),
        worst=shown,
        examples=[[data_uri(photo) for photo in row] for row in examples],
        card=list(_card(metrics)),
        numbers=list(flat(metrics)),
    )


def percent(share: float) -> str:
    """A share for people: one decimal, none where it would say nothing."""
    said = f"{100 * share:.1f}"
    return f"{said.removesuffix('.0')} %"


def short(value: float) -> str:
    """A number with about three digits that count."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{min(digits, 3)}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"


def data_uri(picture: Pixels) -> str:
    """A picture inside the page."""
    small = max(picture.shape[:2]) <= 96
    kind, options = ("png", []) if small else ("jpg", [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    _, data = cv2.imencode(f".{kind}", picture, options)
    coded = base64.b64encode(np.asarray(data).tobytes()).decode("ascii")
    return f"data:image/{'png' if small else 'jpeg'};base64,{coded}"


def flat(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every number and name below a value of JSON, with the way to it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from flat(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, (list, tuple)) and any(isinstance(one, (dict, list)) for one in value):
        for number, inner in enumerate(value):
            yield from flat(inner, f"{key}.{number}")
    elif isinstance(value, (list, tuple)):
        yield key, ", ".join(map(str, value))
    else:
        yield key, str(value)


def _card(metrics: dict[str, Any]) -> Iterator[tuple[str, str]]:
    card, photos = metrics["model_card"], metrics["photos"]
    parts = ", ".join(f"{n} {part}" for part, n in photos.items())
    groups = "every photo by itself"
    if card["groups"]:
        groups = f"{card['groups']}, the largest of {card['largest_group']} photos"
    parameters = f"{metrics['parameters']:,} parameters"
    yield "Network", f"{metrics['model']}, {parameters}, input {metrics['size_px']} px"
    yield "Started from", card["started_from"]
    yield "Photos", f"{sum(photos.values())}: {parts}"
    yield "Groups", f"{groups}; no group lies in two parts"
    yield "Licence of the photos", card["licence"]
    yield "Fingerprint of the photos", card["fingerprint"]
    yield "Split", card["split"]
    yield "How it was measured", metrics["method"]
    yield "Seed", str(card["seed"])
    yield "Training", f"{metrics['epochs']} epochs, the best was {metrics['best_epoch']}"
    yield "Versions", ", ".join(f"{name} {version}" for name, version in card["versions"].items())
