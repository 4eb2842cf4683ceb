"""The built-in machines as their pipelines are told about them, and their models."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

from firmware_bridge.compiled_in import CHANNELS
from sorter.bundle import Manifest
from sorter.classifier import Classifier
from sorter.config import OutletConfig, SorterConfig
from sorter.config_file import load_config

FIRST_OUTLET_MM, OUTLETS_APART_MM = 450.0, 150.0
"""As in `demo.yaml`."""


def demo_config() -> SorterConfig:
    """The built-in configuration: nine bins, 640 × 480 pixels of 0.6 mm, 30 frames/s."""
    with as_file(files("sorter.twin") / "demo.yaml") as path:
        return load_config(path)


def round_config() -> SorterConfig:
    """The built-in machine for round fruit: four lanes, 1280 × 720 pixels, 60 frames/s."""
    with as_file(files("sorter.twin") / "round.yaml") as path:
        return load_config(path)


def round_classifier() -> Classifier:
    """The built-in model for lemons and tomatoes, trained on rendered photos."""
    with as_file(files("sorter.twin") / "round.sorter") as path:
        return Classifier.load(path)


def demo_classifier(bundle: Path | None = None) -> Classifier:
    """The model of a bundle, or the built-in one, trained on rendered photos.

    Raises:
        BundleError: the bundle cannot be used.
    """
    if bundle is not None:
        return Classifier.load(bundle)
    with as_file(files("sorter.twin") / "demo.sorter") as path:
        return Classifier.load(path)


def photo_config(manifest: Manifest) -> SorterConfig:
    """The demo's machine with outlets for the grades of a model: the lowest rides to the end."""
    ordered = sorted(manifest.grades, key=lambda grade: -grade.worth)
    lowest = ordered[-1].worth
    known = lowest < ordered[0].worth
    shot = [grade.name for grade in ordered if grade.worth > lowest or not known][:CHANNELS]
    demo = demo_config()
    outlets = [
        OutletConfig(
            name=name,
            channel=channel,
            at_mm=FIRST_OUTLET_MM + channel * OUTLETS_APART_MM,
            grades=[name],
        )
        for channel, name in enumerate(shot)
    ]
    rest = [grade.name for grade in ordered if known and grade.worth == lowest]
    return SorterConfig(
        machine=demo.machine,
        camera=demo.camera,
        belt=demo.belt,
        outlets=[*outlets, OutletConfig(name="end", default=True, grades=rest)],
    )
