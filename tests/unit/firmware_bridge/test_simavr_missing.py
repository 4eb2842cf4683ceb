from pathlib import Path

import pytest

from firmware_bridge.board import BoardError
from firmware_bridge.simavr import Simavr
from firmware_bridge.simavr_board import SimavrBoard


def test_a_firmware_that_is_not_built_is_an_error_that_says_how(tmp_path: Path) -> None:
    with pytest.raises(BoardError) as error:
        SimavrBoard(tmp_path / "firmware.elf")
    assert "firmware.elf is missing" in str(error.value)
    assert "`make firmware`" in str(error.value)
    assert "gcc-avr" in str(error.value)


def test_a_library_that_cannot_be_loaded_is_an_error_that_says_how(tmp_path: Path) -> None:
    elf, shim = tmp_path / "firmware.elf", tmp_path / "libshim.so"
    elf.write_bytes(b"no firmware")
    shim.write_bytes(b"no library")
    with pytest.raises(BoardError, match=r"cannot be loaded .*libsimavr-dev"):
        Simavr(elf, shim)
