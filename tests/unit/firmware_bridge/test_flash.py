import subprocess
from pathlib import Path

import pytest

from firmware_bridge.flash import BOOTLOADERS, FlashError, avrdude_command, check_hex, flash

COMMAND = ["avrdude", "-p", "atmega328p"]


class Avrdude:
    """Stands in for the program."""

    def __init__(self, said: str = "", code: int = 0) -> None:
        self.said = said
        self.code = code

    def __call__(self, command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, self.code, stdout=self.said)


def run(avrdude: Avrdude) -> str:
    return flash(COMMAND, run=avrdude, which=lambda name: f"/usr/bin/{name}")


@pytest.mark.parametrize(
    ("kind", "protocol", "baud"),
    [("uno", "arduino", 115_200), ("nano", "arduino", 115_200), ("nano-old", "arduino", 57_600)],
)
def test_each_bootloader_is_spoken_to_in_its_own_way(kind: str, protocol: str, baud: int) -> None:
    command = avrdude_command(BOOTLOADERS[kind], "/dev/ttyUSB0", Path("firmware.hex"))
    assert " ".join(command) == (
        f"avrdude -p atmega328p -c {protocol} -P /dev/ttyUSB0 -b {baud} "
        "-D -U flash:w:firmware.hex:i"
    )


def test_what_avrdude_said_comes_back_when_it_has_worked() -> None:
    assert run(Avrdude("6700 bytes of flash verified")) == "6700 bytes of flash verified"


def test_a_missing_avrdude_is_named_with_what_to_do() -> None:
    with pytest.raises(FlashError, match="sudo apt-get install avrdude"):
        flash(COMMAND, run=Avrdude(), which=lambda name: None)


def test_a_bootloader_that_does_not_answer_suggests_the_other_kinds() -> None:
    said = (
        "avrdude warning: attempt 10 of 10: not in sync: resp=0x00\navrdude error: unable to open"
    )
    with pytest.raises(FlashError, match=r"--board \(uno, nano, nano-old; most Nano copies"):
        run(Avrdude(said, 1))


def test_a_port_that_cannot_be_opened_is_named() -> None:
    said = (
        "avrdude OS error: cannot open port /dev/ttyUSB0: No such file or directory\n"
        "avrdude error: unable to open programmer arduino on port /dev/ttyUSB0"
    )
    with pytest.raises(FlashError, match="cannot open /dev/ttyUSB0: No such file or directory; "):
        run(Avrdude(said, 1))


def test_any_other_failure_is_told_in_avrdudes_words() -> None:
    said = "reading\navrdude error: verification mismatch\n\navrdude done.  Thank you.\n"
    with pytest.raises(FlashError, match="avrdude failed: avrdude error: verification mismatch"):
        run(Avrdude(said, 1))


def test_an_avrdude_that_hangs_is_given_up() -> None:
    def hang(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        raise subprocess.TimeoutExpired(command, 120)

    with pytest.raises(FlashError, match="has not finished in 120 s"):
        flash(COMMAND, run=hang, which=lambda name: name)


def test_only_intel_hex_is_flashed(tmp_path: Path) -> None:
    good = tmp_path / "good.hex"
    good.write_bytes(b":020000000C94\r\n:00000001FF\r\n")
    check_hex(good)
    bad = tmp_path / "bad.hex"
    for content in (b"", b"\x7fELF", b":020000000C94\n", b":" + b"0" * 300_000):
        bad.write_bytes(content)
        with pytest.raises(FlashError, match=r"bad\.hex"):
            check_hex(bad)
    with pytest.raises(FlashError, match="no such firmware"):
        check_hex(tmp_path / "none.hex")
