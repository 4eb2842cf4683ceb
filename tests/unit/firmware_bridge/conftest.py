import shutil
from pathlib import Path

import pytest

from tests.hil.build import FIRMWARE, make, need


@pytest.fixture(scope="session")
def core_library() -> Path:
    """The firmware's portable core, built for this machine."""
    need(shutil.which("make") is not None and shutil.which("cc") is not None, "make or cc")
    make("native")
    return FIRMWARE / "build" / "libcore.so"
