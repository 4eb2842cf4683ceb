"""What `sorter board info` tells."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from firmware_bridge.settings import BoardSettings
from sorter.cli.board_settings import read

if TYPE_CHECKING:
    from firmware_bridge.ports import BoardPort
    from sorter.cli.board_session import BoardSession


def known_port(path: str) -> BoardPort | None:
    """The port with a known USB chip that a path (or a link such as /dev/sorter-mcu) names."""
    from firmware_bridge.ports import board_ports

    real = os.path.realpath(path)
    return next((p for p in board_ports() if os.path.realpath(p.path) == real), None)


def probe_port(path: str, wanted: bool | None) -> str | None:
    """The bootloader at a port; asked only of a likely Nano unless `wanted` says otherwise."""
    from firmware_bridge.bootloader_probe import probe_bootloader

    if wanted is None:
        known = known_port(path)
        wanted = known is not None and known.has_converter
    return probe_bootloader(path) if wanted else None


def gather(session: BoardSession, *, port: str, bootloader: str | None) -> dict[str, Any]:
    """All that there is to tell, ready for JSON.

    Raises:
        BoardError: the board was lost meanwhile.
    """
    board = session.board
    identity, status = board.identity, board.status
    assert identity is not None and status is not None
    settings = read(session)
    clock = board.link.position.clock
    return {
        "port": port,
        "firmware": identity.firmware,
        "build_hash": f"{identity.build_hash:08x}",
        "protocol": identity.protocol,
        "channels": identity.channels,
        "slots": identity.slots,
        "clock_hz": identity.clock_hz,
        "capabilities": sorted(identity.capabilities),
        "boot_count": identity.boot_nonce,
        "reset_cause": identity.reset_cause,
        "bootloader": bootloader,
        "faults": sorted(status.faults),
        "flags": sorted(status.flags),
        "tick": status.tick,
        "encoder_errors": status.encoder_errors,
        "frame_errors_on_board": status.frame_errors,
        "frame_errors_on_host": board.link.counters.frame_errors,
        "retries": board.link.retries,
        "clock_error_ms": round(clock.error_s(session.now_s) * 1e3, 3),
        "settings": plain(settings),
    }


def describe(told: dict[str, Any]) -> str:
    """The same for people."""
    lines = []
    for key, value in told.items():
        if key == "settings":
            continue
        shown = " ".join(value) if isinstance(value, list) else value
        nothing = shown is None or shown == ""
        lines.append(f"{key.replace('_', ' '):22} {'-' if nothing else shown}")
    return "\n".join((*lines, describe_settings(told["settings"])))


def describe_settings(settings: dict[str, Any]) -> str:
    """What `plain` gives, for people."""
    lines = []
    for part in (*settings["outlets"], settings["machine"]):
        told = dict(part)
        name = f"outlet {told.pop('channel')}" if "channel" in told else "machine"
        lines.append(f"{name:22} " + ", ".join(f"{key} {value}" for key, value in told.items()))
    return "\n".join(lines)


def plain(settings: BoardSettings) -> dict[str, Any]:
    """Settings ready for JSON."""
    machine = asdict(settings.machine)
    machine["input_function"] = settings.machine.input_function.value
    outlets = [{**asdict(outlet), "kind": outlet.kind.value} for outlet in settings.outlets]
    return {"outlets": outlets, "machine": machine}
