"""What the wheel carries of the firmware is the firmware of these sources."""

import shutil
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from firmware_bridge.flash import SHIPPED_HEX
from tests.hil.build import FIRMWARE, make, need

ROOT = Path(__file__).parents[3]


def test_the_shipped_hex_is_what_the_sources_build(tmp_path: Path) -> None:
    need(shutil.which("make") is not None and shutil.which("avr-gcc") is not None, "avr-gcc")
    make("hex", f"BUILD={tmp_path}")
    assert (tmp_path / "firmware.hex").read_bytes() == SHIPPED_HEX.read_bytes(), (
        "run: make -C firmware_bridge/firmware ship"
    )


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib came with Python 3.11")
def test_the_wheel_carries_hex_sources_and_shim_and_nothing_built() -> None:
    import tomllib
    from setuptools import find_namespace_packages

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    tool = project["tool"]["setuptools"]
    patterns = tool["package-data"]["*"]
    find = tool["packages"]["find"]
    assert "firmware_bridge*" in find["include"]
    # From the package down: from the root the search would walk through the virtual environment.
    packages = set(find_namespace_packages(str(FIRMWARE.parent), exclude=find["exclude"]))
    sources = [*FIRMWARE.glob("src/*/*.[ch]"), *FIRMWARE.parent.glob("simavr_shim/*.[ch]")]
    assert len(sources) > 30
    for path in (SHIPPED_HEX, FIRMWARE / "Makefile", *sources):
        assert ".".join(path.parent.relative_to(FIRMWARE.parent).parts) in packages, path
        assert any(fnmatch(path.name, pattern) for pattern in patterns), path
    assert not [package for package in packages if "build" in package.split(".")]
