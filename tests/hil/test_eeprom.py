"""What the shipped firmware keeps without power, and an EEPROM that it cannot trust."""

import binascii
from dataclasses import asdict, replace
from pathlib import Path
from random import Random

import pytest

from firmware_bridge.board import Reason
from firmware_bridge.codes import FAULT_BITS, OUTLET_KINDS, REASON_CODES
from firmware_bridge.compiled_in import CHANNELS, MACHINE_PART
from firmware_bridge.messages import (
    Hello,
    Identity,
    MachineSettings,
    MachineWrite,
    OutletSettings,
    OutletWrite,
    SettingsRead,
)
from firmware_bridge.plant import OUTLET_PINS
from firmware_bridge.simavr import CYCLES_PER_US, Simavr
from tests.contract.wire import Wire, belt_command, shot_command

pytestmark = pytest.mark.hil

SAVED_US = 600_000
"""All settings are written by then."""
SETTINGS_BYTES = 108
SOLENOID = OutletWrite(
    channel=2,
    kind=OUTLET_KINDS.index("solenoid"),
    duty_percent=20,
    max_on_ms=100,
    min_cycle_ms=30,
    closed_us=0,
    open_us=0,
    delay_us=9_000,
)
MACHINE = MachineWrite(
    silence_ms=300, encoder_dead_ms=500, jam_ticks=70, beams=1, input_function=0, auto_restart=0
)
BROWN_OUT = 0x04


def powered(eeprom: bytes = b"") -> Wire:
    """A board whose EEPROM holds this, in a session."""
    board = Simavr()
    if eeprom:
        board.eeprom = eeprom
    wire = Wire(board)
    wire.greet()
    return wire


def image(wire: Wire) -> bytes:
    assert isinstance(wire.plant, Simavr)
    return wire.plant.eeprom


def outlet(wire: Wire, channel: int) -> OutletSettings:
    wire.ask(SettingsRead(part=channel))
    return wire.last(OutletSettings)


def machine(wire: Wire) -> MachineSettings:
    wire.ask(SettingsRead(part=MACHINE_PART))
    return wire.last(MachineSettings)


@pytest.fixture
def settled(built_firmware: Path) -> Wire:
    """A board that has kept a solenoid and a machine."""
    wire = powered()
    wire.ask(SOLENOID)
    wire.wait(SAVED_US)
    wire.ask(MACHINE)
    wire.wait(SAVED_US)
    assert wire.statuses() == [0, 0]
    return wire


def refuses_every_outlet(wire: Wire) -> bool:
    """Though the belt runs, no outlet takes a shot, and none moves."""
    wire.ask(Hello(protocol=1, session=1))
    nonce = wire.last(Identity).boot_nonce
    wire.ask(belt_command("run_by_operator", boot_nonce=nonce))
    wire.received.clear()
    for channel in range(CHANNELS):
        wire.ask(
            shot_command(
                channel + 1,
                wire.tick + 5,
                wire.tick + 9,
                channel=channel,
                boot_nonce=nonce,
            )
        )
    wire.turn(20)
    refused = wire.statuses() == [REASON_CODES[Reason.SETTINGS]] * CHANNELS
    return refused and not [edge for edge in wire.edges if edge.pin in OUTLET_PINS]


def test_settings_outlast_the_power(settled: Wire) -> None:
    again = powered(image(settled))
    assert outlet(again, 2) == OutletSettings(**asdict(SOLENOID))
    assert machine(again).silence_ms == 300
    assert not again.state().faults & FAULT_BITS["settings"]


@pytest.mark.parametrize("place", [0, 1, 26, 97, 105, 106, 107])
def test_a_flipped_bit_in_the_settings_disables_every_outlet(settled: Wire, place: int) -> None:
    damaged = bytearray(image(settled))
    damaged[place] ^= 1 << place % 8
    wire = powered(bytes(damaged))
    assert wire.state().faults & FAULT_BITS["settings"]
    assert {outlet(wire, channel).kind for channel in range(CHANNELS)} == {0}
    assert refuses_every_outlet(wire)


@pytest.mark.parametrize(
    ("place", "value"), [(2, 26), (3, 0xE9), (5, 19)], ids=["duty", "on-time", "cycle"]
)
def test_settings_looser_than_compiled_in_disable_every_outlet_though_their_crc_is_right(
    settled: Wire, place: int, value: int
) -> None:
    kept = bytearray(image(settled))
    start = 1 + 2 * 12
    kept[start : start + 7] = bytes([1, 25, 0xE8, 3, 20, 0, 0])
    for loosened in (False, True):
        if loosened:
            kept[start - 1 + place] = value
        crc = binascii.crc_hqx(kept[: SETTINGS_BYTES - 2], 0xFFFF)
        kept[SETTINGS_BYTES - 2 : SETTINGS_BYTES] = crc.to_bytes(2, "little")
        wire = powered(bytes(kept))
        assert bool(wire.state().faults & FAULT_BITS["settings"]) == loosened
    assert refuses_every_outlet(wire)


def test_settings_can_be_lowered_and_not_raised_over_what_is_compiled_in(settled: Wire) -> None:
    settled.received.clear()
    for write in (
        replace(SOLENOID, duty_percent=25, max_on_ms=1_000, min_cycle_ms=20),
        replace(SOLENOID, duty_percent=26),
        replace(SOLENOID, max_on_ms=1_001),
        replace(SOLENOID, min_cycle_ms=19),
        replace(MACHINE, silence_ms=501),
    ):
        settled.ask(write)
        settled.wait(SAVED_US)
    assert settled.statuses() == [0, *[REASON_CODES[Reason.SETTINGS]] * 4]
    again = powered(image(settled))
    assert outlet(again, 2).max_on_ms == 1_000


def test_every_power_on_has_a_nonce_of_its_own_wherever_the_one_before_was_cut_off(
    built_firmware: Path,
) -> None:
    random = Random(1)
    nonces = []
    eeprom = b""
    for _ in range(40):
        board = Simavr()
        if eeprom:
            board.eeprom = eeprom
        for _ in range(random.randrange(4)):
            board.run_to(board.cycle + random.randrange(12_000) * CYCLES_PER_US)
            board.restart(BROWN_OUT)
        wire = Wire(board)
        wire.wait(20_000)
        wire.ask(Hello(protocol=1, session=1))
        nonces.append(wire.last(Identity).boot_nonce)
        eeprom = image(wire)
    assert len(set(nonces)) == len(nonces)
