"""Builds the firmware and what runs it, once a session."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FIRMWARE = Path(__file__).parents[2] / "firmware_bridge" / "firmware"
PACKAGES = "build-essential gcc-avr avr-libc simavr libsimavr-dev libelf-dev clang"


def need(tool_present: bool, what: str) -> None:
    """Skip loudly where a toolchain is missing; in CI that is a failure."""
    if tool_present:
        return
    message = f"{what} is missing: apt-get install {PACKAGES}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def make(*arguments: str) -> None:
    done = subprocess.run(
        ["make", "-C", str(FIRMWARE), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def built_firmware() -> Path:
    """The ELF; the simulator's library is built beside it."""
    need(shutil.which("avr-gcc") is not None, "avr-gcc")
    need(shutil.which("make") is not None and shutil.which("cc") is not None, "make or cc")
    need(Path("/usr/include/simavr/sim_avr.h").exists(), "simavr")
    make("all")
    return FIRMWARE / "build" / "firmware.elf"
