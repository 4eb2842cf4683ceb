"""The firmware's core under libFuzzer with sanitizers: the same inputs in every run."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.hil.build import FIRMWARE, need

RUNS = {"decoder": 200_000, "board": 10_000}
LONGEST = {"decoder": 200, "board": 400}


@pytest.mark.parametrize("what", RUNS)
def test_no_input_makes_the_core_misbehave(what: str, tmp_path: Path) -> None:
    need(shutil.which("clang") is not None, "clang")
    done = subprocess.run(
        ["make", "-C", str(FIRMWARE / "fuzz"), f"../build/fuzz_{what}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    options = ["-seed=1", f"-runs={RUNS[what]}", f"-max_len={LONGEST[what]}", "-len_control=0"]
    done = subprocess.run(
        [str(FIRMWARE / "build" / f"fuzz_{what}"), *options, f"-artifact_prefix={tmp_path}/"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4_000:]
    assert f"Done {RUNS[what]} runs" in done.stderr
