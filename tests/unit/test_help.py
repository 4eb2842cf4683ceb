from __future__ import annotations

import subprocess
import sys

import pytest

COMMANDS = {
    "sorter.cli": [
        "run",
        "demo",
        "bench",
        "calibrate",
        "check",
        "grade",
        "replay",
        "status",
        "lots open",
        "lots list",
        "lots export",
    ]
    + [
        f"board {command}"
        for command in ("list", "info", "flash", "test", "settings", "watch", "monitor")
    ],
    "training.cli": [
        *("run", "fit", "pack", "evaluate", "compare", "explain", "synth", "import", "audit"),
    ],
}
SCRIPT = """
import sys
from {package} import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
heavy = {{"numpy", "cv2", "rich", "yaml", "tensorflow"}} & set(sys.modules)
sys.exit(f"imported {{heavy}}" if heavy else 0)
"""


@pytest.mark.parametrize(
    ("package", "command"),
    [(package, command) for package in COMMANDS for command in ["", *COMMANDS[package]]],
)
def test_help_is_quick_because_it_imports_nothing_heavy(package: str, command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(package=package), *command.split(), "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage: " in done.stdout
    assert not command or "For example:\n\n      sorter" in done.stdout
