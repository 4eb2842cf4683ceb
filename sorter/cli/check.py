"""`sorter check`: is the config right?"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from sorter.cli import options

if TYPE_CHECKING:
    from sorter.config_file import ConfigFile, Problem

WORST_MISFIT = 0.01
"""By how much a scale may differ from the measured one, as part of it."""


def check(
    config: options.Config = options.DEFAULT_CONFIG,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema for editors instead.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Validate a config file, and its outlets against the model that it names.

    For example:

        sorter check --config sorter.yaml

        sorter check --schema > sorter.schema.json
    """
    from sorter.config_allowed import schema as json_schema
    from sorter.config_file import ConfigError, read_config
    from sorter.dispatch.layout import layout_warnings

    if schema:
        print(json.dumps(json_schema(), indent=2))
        return
    warnings: list[Problem] = []
    try:
        file = read_config(config)
        _check_twin(file)
        _check_lanes(file)
        warnings, has_model = _check_model(file)
        warnings += _check_calibration(file)
        warnings += [file.problem(*found) for found in layout_warnings(file.config)]
    except ConfigError as error:
        if as_json:
            print(json.dumps({"ok": False, "errors": [_plain(p) for p in error.problems]}))
        raise
    if as_json:
        print(json.dumps({"ok": True, "warnings": [_plain(p) for p in warnings]}))
        return
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(f"{config}: ok: {_summary(file, has_model)}")


def _check_twin(file: ConfigFile) -> None:
    from sorter.board_from_config import VIRTUAL
    from sorter.config_file import ConfigError

    config = file.config
    if config.camera.source == "twin" and config.board.port != VIRTUAL:
        sentence = f"found '{config.board.port}'; the belt of camera.source twin wants '{VIRTUAL}'"
        raise ConfigError([file.problem(("board", "port"), sentence)])


def _check_lanes(file: ConfigFile) -> None:
    from sorter.config_file import ConfigError
    from sorter.errors import SorterError
    from sorter.lanes import lane_edges_mm
    from sorter.ruler.linear import LinearRuler

    try:
        lane_edges_mm(file.config, LinearRuler(file.config.camera))
    except SorterError as error:
        raise ConfigError([file.problem(("belt", "lane_edges_mm"), str(error))]) from error


def _check_model(file: ConfigFile) -> tuple[list[Problem], bool]:
    from sorter.bundle import Bundle, BundleError
    from sorter.config_file import ConfigError
    from sorter.grades_fit import grades_fit

    path = file.config.model.path
    if not path.exists():
        sentence = f"there is no {path} yet, so the grades were not checked"
        return [file.problem(("model", "path"), sentence)], False
    try:
        manifest = Bundle.load(path).manifest
    except BundleError as error:
        raise ConfigError([file.problem(("model", "path"), str(error))]) from error
    fit = grades_fit(file.config, manifest)
    if fit.errors:
        raise ConfigError([file.problem(*found) for found in fit.errors])
    return [file.problem(*found) for found in fit.warnings], True


def _check_calibration(file: ConfigFile) -> list[Problem]:
    from sorter.ruler.calibration import Calibration
    from sorter.ruler.from_config import check_calibration

    camera, belt = file.config.camera, file.config.belt
    if camera.calibration is None:
        return []
    check_calibration(file)
    calibration = Calibration.load(camera.calibration)
    measured = {
        ("camera", "mm_per_px"): (camera.mm_per_px, calibration.mm_per_px),
        ("belt", "mm_per_tick"): (belt.mm_per_tick, calibration.mm_per_tick),
    }
    return [
        file.problem(
            keys,
            f"is {says:g}, but {camera.calibration} was measured with {found:.5g}; write that, or "
            f"run 'sorter calibrate' again",
        )
        for keys, (says, found) in measured.items()
        if found is not None and abs(says / found - 1) > WORST_MISFIT
    ]


def _summary(file: ConfigFile, has_model: bool) -> str:
    config = file.config
    model = f"model {config.model.path}" if has_model else "no model yet"
    outlets = ", ".join(
        f"{outlet.name} ({' '.join(outlet.grades) or 'everything else'})"
        for outlet in config.outlets
    )
    return f"{config.machine.name}, camera {config.camera.source}, {model}, outlets {outlets}"


def _plain(problem: Problem) -> dict[str, object]:
    return {
        "file": str(problem.file),
        "line": problem.line,
        "key": problem.key,
        "sentence": problem.sentence,
    }
