"""`sorter status`: how the running machine is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from sorter.cli import options

BOARD_STOPS = frozenset({"estop", "silence", "encoder_dead", "encoder_storm", "jam", "cover"})
"""Faults for which the board stops the belt, whatever the config says of others."""


def status(
    config: options.Config = options.DEFAULT_CONFIG,
    db: Annotated[
        Path | None, typer.Option(help="The records of the machine, instead of a config.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Ask the running machine for its lot, its faults and all that it has counted.

    For example:

        sorter status

        sorter status --config sorter.yaml --json
    """
    from sorter.config_file import load_config
    from sorter.control_socket import ask, control_path

    answer = ask(control_path(db or load_config(config).records.path), {"do": "state"})
    if as_json:
        print(json.dumps({key: value for key, value in answer.items() if key != "ok"}))
        return
    print("\n".join(_lines(answer)))


def _lines(state: dict[str, Any]) -> list[str]:
    from sorter.line_counts import LineCounts

    counts = LineCounts.of(state["counts"])
    return [
        f"{state['machine']}: lot {state['lot']}",
        _board(state),
        f"faults: {', '.join(state['faults']) or 'none'}",
        f"frames: {counts.frames}, {state['skipped']} skipped, {state['lost']} lost, "
        f"{counts.frames_without_position} without position",
        f"items: {counts.items}, shots: {counts.shots} (neighbours may share one)",
        *counts.told(),
    ]


def _board(state: dict[str, Any]) -> str:
    if not state["board"]:
        return "board NOT connected: it stops the belt by itself"
    belt = "may run"
    if state.get("held") or BOARD_STOPS & set(state["faults"]):
        belt = "is held by a fault"
    elif state["waiting_for_start"]:
        belt = "waits for the start button"
    return f"board connected, belt {belt}"
