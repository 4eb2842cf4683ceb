from __future__ import annotations

import errno
import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

import sorter.twin
from sorter.cli import main

DEMO = Path(sorter.twin.__file__).with_name("demo.sorter")
NINE = {"2L", "L", "M", "S", "2S", "BL", "BM", "BS", "C"}


class Shell:
    """Runs `sorter` in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *arguments: str | Path) -> tuple[int, str, str]:
        """Exit code, stdout and stderr."""
        self._monkeypatch.setattr(sys, "argv", ["sorter", *map(str, arguments)])
        try:
            main()
            code: str | int | None = 0
        except SystemExit as end:
            code = end.code
        heard = self._capsys.readouterr()
        assert "Traceback" not in heard.err
        return int(code or 0), heard.out, heard.err


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capsys)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 256, (50, 50, 3)).astype(np.uint8))
    return path


def test_a_photo_gets_its_grades_best_first(shell: Shell, photo: Path) -> None:
    code, out, _ = shell("grade", DEMO, photo, "--json", "--top", "9")
    assert code == 0
    (answer,) = json.loads(out)
    assert answer["photo"] == str(photo)
    shares = [one["probability"] for one in answer["grades"]]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1)
    assert {one["grade"] for one in answer["grades"]} == NINE
    assert answer["unsure"] in (True, False)


def test_five_grades_are_shown_unless_asked_otherwise(shell: Shell, photo: Path) -> None:
    _, out, _ = shell("grade", DEMO, photo)
    assert out.startswith(f"{photo}: ")
    assert out.count("%") == 5
    _, out, _ = shell("grade", DEMO, photo, "--top", "2")
    assert out.count("%") == 2


def test_an_unreadable_photo_does_not_keep_the_others_from_being_graded(
    shell: Shell, photo: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_text("no photo")
    code, out, err = shell("grade", DEMO, bad, tmp_path / "gone.jpg", photo)
    assert code == 1
    assert out.startswith(f"{photo}: ")
    first, second = err.splitlines()
    assert first.startswith(f"sorter: {bad}: not a readable image")
    assert second.startswith(f"sorter: {tmp_path / 'gone.jpg'}: No such file")


def test_a_small_file_that_unfolds_to_gigabytes_is_not_decoded(tmp_path: Path) -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1 + 20_000 // 8) * 20_000)
    path = tmp_path / "bomb.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )
    # In a process of its own: OpenCV reads its limit when it is imported.
    done = subprocess.run(
        [sys.executable, "-c", "from sorter.cli import main; main()", "grade", DEMO, path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"sorter: {path}: not a readable image")


def test_what_the_system_refuses_is_one_sentence(
    shell: Shell, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path) -> Iterator[Path]:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "iterdir", refuse)
    code, out, err = shell("replay", DEMO, photo.parent, "--still")
    assert (code, out) == (1, "")
    assert err.splitlines()[-1] == f"sorter: {photo.parent}: Permission denied"


def test_a_bundle_that_is_none_is_one_sentence(shell: Shell, photo: Path) -> None:
    code, out, err = shell("grade", photo, photo)
    assert (code, out) == (1, "")
    assert err == (
        f"sorter: {photo}: not a model bundle, or damaged; make one with 'sorter-train run'\n"
    )


def test_grading_needs_no_tensorflow(
    shell: Shell, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    assert shell("grade", DEMO, photo)[0] == 0
