"""`sorter calibrate`: from pixels and ticks to millimetres."""

from __future__ import annotations

import enum
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sorter.cli import options

if TYPE_CHECKING:
    from sorter.cli.calibrate_station import Station
    from sorter.config import SorterConfig
    from sorter.ruler.solving import Solved
    from sorter.ruler.target import Target


class PaperName(str, enum.Enum):
    """The keys of `sorter.ruler.sheet.PAPERS`."""

    a4 = "a4"
    a3 = "a3"


def calibrate(
    config: options.Config = options.DEFAULT_CONFIG,
    print_to: Annotated[
        Path | None, typer.Option("--print", help="Write the board as a PDF to print; no more.")
    ] = None,
    mat: Annotated[
        bool,
        typer.Option(
            "--mat", help="The narrow ruler mat in place of the board, also with --print."
        ),
    ] = False,
    paper: Annotated[PaperName, typer.Option(help="Of the printed board or mat.")] = PaperName.a4,
    bar_mm: Annotated[
        float | None,
        typer.Option(min=50, max=200, help="Length of the printed bar as you measured it."),
    ] = None,
    out: Annotated[Path, typer.Option(help="The calibration file.")] = Path("camera.json"),
    lens: Annotated[
        Path | None, typer.Option(help="Folder of photos of the board at slants; with --belt.")
    ] = None,
    belt: Annotated[
        Path | None, typer.Option(help="Recording of the board on the belt, with frames.csv.")
    ] = None,
    outlet: Annotated[
        str | None, typer.Option(help="Measure how far this outlet is from the camera.")
    ] = None,
    beams: Annotated[
        float | None,
        typer.Option(min=20, max=10_000, help="Measure ticks by two beams so many mm apart."),
    ] = None,
    mark: Annotated[
        float | None,
        typer.Option(min=20, max=100_000, help="Measure ticks by a mark moved so many mm."),
    ] = None,
    passes: Annotated[
        int, typer.Option(min=1, max=50, help="Times to measure with --outlet, --beams, --mark.")
    ] = 3,
    gauge: Annotated[
        str | None, typer.Option(help="Audit: sizes of the standard bodies in mm, 100,150,200.")
    ] = None,
    lot: Annotated[str | None, typer.Option(help="In which the standard bodies passed.")] = None,
    db: Annotated[
        Path | None, typer.Option(help="The records of the audit, instead of the config's.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Measure how the camera lies over the belt, and write it to a file for the config.

    Print the board, glue it to something flat, and follow what is said. The program runs the belt
    after you pressed Enter, and stops it.

    For example:

        sorter calibrate --print board.pdf

        sorter calibrate --config sorter.yaml --bar-mm 99.6 --out camera.json

        sorter calibrate --config sorter.yaml --bar-mm 99.6 --mat

        sorter calibrate --config sorter.yaml --lens photos --belt recording

        sorter calibrate --config sorter.yaml --outlet premium --passes 5

        sorter calibrate --beams 600

        sorter calibrate --gauge 100,150,200 --lot gauge --json
    """
    from sorter.config_file import load_config
    from sorter.errors import SorterError

    chosen = {
        "--print": print_to,
        "--lens": lens or belt,
        "--outlet": outlet,
        "--beams": beams,
        "--mark": mark,
        "--gauge": gauge,
    }
    given = [name for name, value in chosen.items() if value is not None]
    if len(given) > 1:
        raise SorterError(f"{' and '.join(given)} are different jobs; give one of them")
    if (lens is None) != (belt is None):
        raise SorterError("--lens and --belt belong together; give both folders")
    # Better now than after half an hour before the camera.
    for file in (print_to, out):
        if file is not None and not file.parent.is_dir():
            raise SorterError(f"{file}: there is no folder {file.parent}; make it, or name another")
    if print_to is not None:
        _print(print_to, paper.value, mat)
    elif gauge is not None:
        _gauge(gauge, lot, db or load_config(config).records.path, as_json)
    elif outlet is not None:
        _outlet(load_config(config), outlet, passes, as_json)
    elif beams is not None or mark is not None:
        _ticks(load_config(config), beams, mark, passes, as_json)
    else:
        machine = load_config(config)
        target = _target(paper.value, bar_mm, mat)
        solved = (
            _live(machine, target)
            if lens is None or belt is None
            else _offline(machine, target, lens, belt)
        )
        solved.calibration.save(out)
        _tell(solved.told(out), as_json)


def _print(path: Path, paper: str, mat: bool) -> None:
    from sorter.ruler.sheet import PAPERS, mat_sheet, sheet
    from sorter.whole_file import whole_file

    with whole_file(path) as partial:
        partial.write_bytes((mat_sheet if mat else sheet)(PAPERS[paper]))
    print(f"{path}: print it at 100 % on {paper.upper()} and measure the bar")


def _target(paper: str, bar_mm: float | None, mat: bool) -> Target:
    from sorter.ruler.sheet import BAR_MM, PAPERS

    if bar_mm is None:
        _say(
            f"warning: the printed bar is taken to be {BAR_MM:g} mm long; measure it, give --bar-mm"
        )
    scale = (bar_mm or BAR_MM) / BAR_MM
    sheet = PAPERS[paper]
    return sheet.mat.printed(scale) if mat else sheet.target.printed(scale)


def _offline(machine: SorterConfig, target: Target, lens: Path, belt: Path) -> Solved:
    from sorter.cli.calibrate_offline import belt_views, lens_views
    from sorter.ruler.solving import solve

    views = lens_views(lens, machine.camera, target)
    _say(f"{lens}: the {target.name} is seen in {len(views)} different places")
    seen = belt_views(belt, machine.camera, target)
    _say(f"{belt}: the {target.name} is seen on the belt in {len(seen)} frames")
    return solve(machine.camera, target, views, seen)


def _live(machine: SorterConfig, target: Target) -> Solved:
    from sorter.cli.calibrate_live import hold_at_slants, ride_on_belt
    from sorter.ruler.solving import solve

    with _station(machine, camera=True) as station:
        views = hold_at_slants(station, machine.camera, target)
        seen = ride_on_belt(station, target)
    return solve(machine.camera, target, views, seen)


def _outlet(machine: SorterConfig, name: str, passes: int, as_json: bool) -> None:
    from sorter.cli.calibrate_way import outlet_at_mm
    from sorter.errors import SorterError
    from sorter.ruler.passes import averaged

    shot = [outlet.name for outlet in machine.outlets if not outlet.default]
    if name not in shot:
        have = ", ".join(shot) or "none"
        raise SorterError(f"--outlet {name}: the config has no such outlet; there are: {have}")
    with _station(machine, camera=True) as station:
        found = averaged(outlet_at_mm(station, machine, name, passes))
    _tell_mean("outlets", f"{{name: {name}, at_mm: {found.mean:.1f}}}", found, "mm", as_json)


def _ticks(
    machine: SorterConfig, beams: float | None, mark: float | None, passes: int, as_json: bool
) -> None:
    from sorter.cli.calibrate_way import beams_mm_per_tick, mark_mm_per_tick
    from sorter.ruler.passes import averaged

    with _station(machine, camera=False) as station:
        if beams is not None:
            found = averaged(beams_mm_per_tick(station, beams, passes))
        else:
            assert mark is not None
            found = averaged(mark_mm_per_tick(station, mark, passes))
    _tell_mean("belt", f"{{mm_per_tick: {found.mean:.5f}}}", found, "mm per tick", as_json)


def _gauge(sizes: str, lot: str | None, db: Path, as_json: bool) -> None:
    from sorter.cli import calibrate_gauge as gauging
    from sorter.errors import SorterError
    from sorter.records import Records

    if lot is None:
        raise SorterError("--gauge needs the lot in which the bodies passed; give --lot")
    with Records(db, read_only=True) as records:
        names = [found.name for found in records.lots()]
        if lot not in names:
            have = ", ".join(names) or "none yet"
            raise SorterError(f"{db}: there is no lot {lot}; there are: {have}")
        readings, left_out = gauging.gauge(records.items(lot), gauging.sizes_mm(sizes))
    if as_json:
        print(json.dumps(gauging.told(readings, left_out)))
        return
    for line in gauging.lines(readings, left_out):
        print(line)


@contextmanager
def _station(machine: SorterConfig, *, camera: bool) -> Iterator[Station]:
    from sorter.board_from_config import board_from_config
    from sorter.camera.from_config import camera_from_config
    from sorter.camera.newest import NewestFrame
    from sorter.cli.board_session import BoardSession
    from sorter.cli.calibrate_station import Keyboard, Station

    session = BoardSession(board_from_config(machine))
    frames = NewestFrame(camera_from_config(machine.camera)) if camera else None
    try:
        session.connect()
        if frames is not None:
            frames.open()
        yield Station(session=session, operator=Keyboard(), say=_say, frames=frames)
    finally:
        if frames is not None:
            frames.close()
        session.board.close()


def _tell(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(told))
        return
    camera, ticks = told["camera"], told["belt"]
    print(f"wrote {camera['calibration']}; put this into sorter.yaml:")
    print(f"  camera: {{calibration: {camera['calibration']}, mm_per_px: {camera['mm_per_px']}}}")
    print(f"  belt: {{mm_per_tick: {ticks['mm_per_tick']}}}")
    print(
        f"The lens hangs {told['lens_height_mm']} mm over the belt, tilted by {told['tilt_deg']} "
        f"degrees. It fits {told['views']} views within {told['lens_error_px']} px, the belt "
        f"{told['frames']} frames within {told['belt_error_mm']} mm; the scale is sure to "
        f"{100 * told['scale_error']:.2f} %."
    )
    upper, middle, lower = told["mm_per_px_across"]
    print(
        f"Across the belt a pixel is {upper}, {middle}, {lower} mm: upper edge, middle, lower edge."
    )
    if told["latency_ms"] is None:
        print(
            "The belt ran too slowly to tell the camera's delay from its place: it is taken to be "
            "0 ms."
        )
    else:
        print(
            f"A frame's stamp lags its exposure by {told['latency_ms']} ms; its rows are read "
            f"within {told['readout_ms']} ms."
        )


def _tell_mean(section: str, entry: str, found: Any, unit: str, as_json: bool) -> None:
    if as_json:
        from dataclasses import asdict

        print(json.dumps(asdict(found) | {"unit": unit}))
        return
    print(f"put this into sorter.yaml, {section}: {entry}")
    if found.passes > 1:
        print(
            f"Mean of {found.passes} passes; one differs from the other by {found.spread:.2g} "
            f"{unit} (standard deviation), the mean is sure to ± {found.error:.2g} {unit}."
        )
    else:
        print("One pass cannot tell how sure it is; give --passes 3.")


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
