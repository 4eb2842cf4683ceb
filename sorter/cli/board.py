"""`sorter board`: find, flash, try and watch the actuation board."""

from __future__ import annotations

import enum
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from firmware_bridge.settings import InputFunction, OutletKind

board_app = typer.Typer(
    name="board", help="Find, flash, try and watch the actuation board.", no_args_is_help=True
)

_Port = Annotated[
    str | None,
    typer.Option(help="Serial port, or 'virtual'; without it the only board at a USB port."),
]
_Baud = Annotated[int, typer.Option(help="Bits per second.", min=9_600, max=2_000_000)]
_Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
_Seconds = Annotated[
    float | None, typer.Option(help="End after so long; without it at Ctrl-C.", min=0.0)
]
_BAUD = 250_000


class BoardKind(str, enum.Enum):
    """What to flash; the keys of `firmware_bridge.flash.BOOTLOADERS`."""

    uno = "uno"
    nano = "nano"
    nano_old = "nano-old"


@board_app.command("list")
def list_boards(as_json: _Json = False) -> None:
    """List the USB ports that may have a board behind them.

    For example:

        sorter board list

        sorter board list --json
    """
    from dataclasses import asdict

    from firmware_bridge.ports import board_ports

    ports = board_ports()
    if as_json:
        print(json.dumps([asdict(port) for port in ports]))
        return
    if not ports:
        print("no board found at any USB port", file=sys.stderr)
    for port in ports:
        number = f", serial number {port.serial_number}" if port.serial_number else ""
        print(f"{port.path}  {port.what} ({port.vid:04x}:{port.pid:04x}{number})")


@board_app.command()
def info(
    port: _Port = None,
    baud: _Baud = _BAUD,
    probe: Annotated[
        bool | None,
        typer.Option(
            "--probe/--no-probe",
            help="Reset the board and ask its bootloader; by default only of a Nano.",
        ),
    ] = None,
    as_json: _Json = False,
) -> None:
    """Tell what board it is: identity, reset cause, boot count, faults, counters, settings.

    For example:

        sorter board info

        sorter board info --port virtual --json
    """
    from firmware_bridge.flash import OLD_NANO_WARNING
    from sorter.cli.board_info import describe, gather, probe_port
    from sorter.cli.board_session import VIRTUAL, find_port, open_session

    path = port or find_port()
    bootloader = None if path == VIRTUAL else probe_port(path, probe)
    with open_session(path, baud) as session:
        told = gather(session, port=path, bootloader=bootloader)
    print(json.dumps(told) if as_json else describe(told))
    if bootloader == BoardKind.nano_old.value:
        print(f"warning: {OLD_NANO_WARNING}", file=sys.stderr)


@board_app.command()
def flash(
    port: _Port = None,
    board: Annotated[
        BoardKind | None,
        typer.Option(help="Kind of board; without it what its USB chip suggests."),
    ] = None,
    hex_file: Annotated[
        Path | None, typer.Option("--hex", help="Intel hex file; the shipped firmware without it.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the command and do nothing.")
    ] = False,
) -> None:
    """Write the firmware to a board, with avrdude.

    For example:

        sorter board flash

        sorter board flash --port /dev/ttyUSB0 --board nano-old --dry-run
    """
    import shlex

    from firmware_bridge.board import BoardNotFoundError
    from firmware_bridge.flash import (
        BOOTLOADERS,
        OLD_NANO_WARNING,
        SHIPPED_HEX,
        avrdude_command,
        check_hex,
    )
    from firmware_bridge.flash import flash as run_avrdude
    from sorter.cli.board_info import known_port
    from sorter.cli.board_session import VIRTUAL, find_port

    if port == VIRTUAL:
        raise BoardNotFoundError("the virtual board has no flash; name a serial port with --port")
    path = port or find_port()
    known = known_port(path)
    kind = board.value if board else known.flash_as if known else BoardKind.uno.value
    firmware = hex_file or SHIPPED_HEX
    check_hex(firmware)
    command = avrdude_command(BOOTLOADERS[kind], path, firmware)
    print(shlex.join(command), flush=True)
    if dry_run:
        return
    if kind == BoardKind.nano_old.value:
        print(f"warning: {OLD_NANO_WARNING}", file=sys.stderr)
    run_avrdude(command)
    print(f"{path}: flashed as {BOOTLOADERS[kind].what}")


@board_app.command("test")
def try_channel(
    channel: Annotated[int, typer.Argument(help="Channel to open.", min=0, max=7)],
    port: _Port = None,
    baud: _Baud = _BAUD,
    ms: Annotated[int, typer.Option(help="How long it opens.", min=5, max=1_000)] = 200,
    times: Annotated[int, typer.Option(help="How often.", min=1, max=20)] = 1,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
) -> None:
    """Open one outlet by hand while the belt stands.

    The board keeps its ceilings: it refuses or shortens what is longer than the outlet may be open.

    For example:

        sorter board test 3

        sorter board test 0 --ms 100 --times 5 --yes
    """
    from sorter.cli.board_session import open_session
    from sorter.cli.board_trial import fire

    if not yes:
        typer.confirm(
            f"Outlet {channel} will move for {ms} ms. Is everybody clear of it?", abort=True
        )
    with open_session(port, baud) as session:
        for number in range(1, times + 1):
            fire(session, channel, ms)
            print(f"outlet {channel} opened for {ms} ms ({number} of {times})", flush=True)


@board_app.command()
def settings(
    port: _Port = None,
    baud: _Baud = _BAUD,
    outlet: Annotated[
        int | None, typer.Option(help="Channel whose settings to change.", min=0, max=7)
    ] = None,
    kind: Annotated[OutletKind | None, typer.Option(help="What hangs on the outlet.")] = None,
    duty_percent: Annotated[
        int | None, typer.Option(help="Share of time that the outlet may be open.", min=1, max=100)
    ] = None,
    max_on_ms: Annotated[
        int | None, typer.Option(help="Longest time that it may be open at a stretch.", min=1)
    ] = None,
    min_cycle_ms: Annotated[
        int | None, typer.Option(help="Least time between two openings.", min=1)
    ] = None,
    closed_us: Annotated[
        int | None, typer.Option(help="A servo's pulses when closed.", min=500, max=2_500)
    ] = None,
    open_us: Annotated[
        int | None, typer.Option(help="A servo's pulses when open.", min=500, max=2_500)
    ] = None,
    delay_us: Annotated[
        int | None, typer.Option(help="How long the outlet takes to open.", min=0, max=65_535)
    ] = None,
    silence_ms: Annotated[
        int | None, typer.Option(help="The host's silence that stops everything.", min=50, max=500)
    ] = None,
    encoder_dead_ms: Annotated[
        int | None,
        typer.Option(
            help="Time without a tick after which the encoder is dead.", min=50, max=1_000
        ),
    ] = None,
    jam_ticks: Annotated[
        int | None,
        typer.Option(help="Ticks for which a beam may be blocked; 0: no limit.", min=0, max=65_535),
    ] = None,
    entry_beam: Annotated[
        bool | None, typer.Option("--entry-beam/--no-entry-beam", help="There is one.")
    ] = None,
    passed_beam: Annotated[
        bool | None, typer.Option("--passed-beam/--no-passed-beam", help="There is one.")
    ] = None,
    input_function: Annotated[
        InputFunction | None, typer.Option(help="What the free input tells.")
    ] = None,
    auto_restart: Annotated[
        bool | None,
        typer.Option(
            "--auto-restart/--no-auto-restart",
            help="The belt restarts WITHOUT ANYBODY'S HAND after silence or a reset.",
        ),
    ] = None,
    as_json: _Json = False,
) -> None:
    """Show what the board keeps in its EEPROM, or change it while the belt stands.

    An outlet that gets another kind begins at the ceilings of that kind. What is looser than
    compiled in is refused.

    For example:

        sorter board settings

        sorter board settings --outlet 3 --kind servo --closed-us 1000 --open-us 1800

        sorter board settings --input-function cover --no-passed-beam
    """
    from dataclasses import replace

    from sorter.cli.board_info import describe_settings, plain
    from sorter.cli.board_session import open_session
    from sorter.cli.board_settings import changed_outlet, read, write

    of_outlet = _given(
        kind=kind,
        duty_percent=duty_percent,
        max_on_ms=max_on_ms,
        min_cycle_ms=min_cycle_ms,
        closed_us=closed_us,
        open_us=open_us,
        delay_us=delay_us,
    )
    of_machine = _given(
        silence_ms=silence_ms,
        encoder_dead_ms=encoder_dead_ms,
        jam_ticks=jam_ticks,
        entry_beam=entry_beam,
        passed_beam=passed_beam,
        input_function=input_function,
        auto_restart=auto_restart,
    )
    if bool(of_outlet) != (outlet is not None):
        raise typer.BadParameter("--outlet and what to change of that outlet belong together")
    with open_session(port, baud) as session:
        kept = read(session)
        if outlet is not None:
            write(session, changed_outlet(kept.outlets[outlet], of_outlet))
        if of_machine:
            write(session, replace(kept.machine, **of_machine))
        if of_outlet or of_machine:
            kept = read(session)
    told = plain(kept)
    print(json.dumps(told) if as_json else describe_settings(told))


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


@board_app.command()
def watch(
    port: _Port = None, baud: _Baud = _BAUD, seconds: _Seconds = None, as_json: _Json = False
) -> None:
    """Show encoder, beams, inputs and counters live. It orders nothing: the belt stands.

    For example:

        sorter board watch

        sorter board watch --seconds 10 --json
    """
    from sorter.cli.board_session import open_session
    from sorter.cli.board_watch import show_lines, show_live

    with open_session(port, baud) as session:
        (show_lines if as_json else show_live)(session, seconds)


@board_app.command()
def monitor(
    port: _Port = None, baud: _Baud = _BAUD, seconds: _Seconds = None, as_json: _Json = False
) -> None:
    """Print every frame between host and board, decoded; '>' goes to the board.

    For example:

        sorter board monitor --seconds 5

        sorter board monitor --port virtual --seconds 1 --json
    """
    from sorter.cli.board_monitor import FrameLog
    from sorter.cli.board_session import BoardSession, make_board

    session = BoardSession(make_board(port, baud))
    session.board.tap = FrameLog(print, as_json=as_json, start_s=session.now_s).hear
    try:
        session.connect()
        for _ in session.for_s(seconds):
            pass
    finally:
        session.board.close()
