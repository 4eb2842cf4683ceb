"""What the processor's registers, memory and first instructions show of the shipped firmware."""

import hashlib
from pathlib import Path

import pytest

from firmware_bridge.messages import Identity
from firmware_bridge.plant import OUTLET_PINS, InputPin, OutputPin
from firmware_bridge.simavr import CYCLES_PER_US, MCUSR_ADDRESS, R2_ADDRESS, Simavr
from firmware_bridge.uno_pins import UNO_PINS
from tests.contract.wire import Wire, belt_command, shot_command
from tests.hil.build import FIRMWARE

pytestmark = pytest.mark.hil

DDR = {"B": 0x24, "C": 0x27, "D": 0x2A}
PORT = {"B": 0x25, "C": 0x28, "D": 0x2B}
PCMSK1 = 0x6C
TCCR0A, TCCR1A, TCCR1B, TCCR2A = 0x44, 0x80, 0x81, 0xB0
WATCHDOG_RESET, EXTERNAL_RESET = 0x08, 0x02
ACTUATORS = (*OUTLET_PINS, OutputPin.BELT)


@pytest.fixture
def sim(built_firmware: Path) -> Simavr:
    return Simavr(built_firmware)


def bit(sim: Simavr, registers: dict[str, int], pin: InputPin | OutputPin) -> int:
    port, place = UNO_PINS[pin]
    return sim.peek(registers[port], 1)[0] >> place & 1


def open_everything(wire: Wire) -> None:
    wire.greet()
    wire.ask(belt_command("run_by_operator"))
    for channel in range(8):
        wire.ask(shot_command(channel + 1, 10, 1_000, channel=channel))
    wire.turn(12)
    assert all(wire.rises(pin) == 1 for pin in ACTUATORS)


def test_every_actuator_is_driven_low_within_two_microseconds_of_a_reset(sim: Simavr) -> None:
    open_everything(Wire(sim))
    sim.restart(WATCHDOG_RESET)
    sim.run_to(sim.reset_at + 2 * CYCLES_PER_US)
    assert [(bit(sim, DDR, pin), bit(sim, PORT, pin)) for pin in ACTUATORS] == [(1, 0)] * 9


def test_the_level_of_the_emergency_stop_is_read_even_if_its_interrupt_never_comes(
    sim: Simavr,
) -> None:
    wire = Wire(sim)
    open_everything(wire)
    sim.poke(PCMSK1, b"\0")
    pressed_us = sim.now_us
    sim.drive(InputPin.ESTOP, True)
    wire.wait(5_000)
    off = {edge.pin: edge.at_us for edge in wire.edges if edge.pin in ACTUATORS and not edge.level}
    assert set(off) == set(ACTUATORS)
    assert max(off.values()) - pressed_us <= 1_100


def test_timer_1_runs_free_and_no_timer_drives_a_pin(sim: Simavr) -> None:
    Wire(sim).greet()
    assert sim.peek(TCCR1A, 1) == b"\0"
    assert sim.peek(TCCR1B, 1)[0] & 0x18 == 0
    for register in (TCCR0A, TCCR2A):
        assert sim.peek(register, 1)[0] & 0xF0 == 0


def boot(sim: Simavr, mcusr: int, r2: int) -> Identity:
    wire = Wire(sim)
    wire.wait(20_000)
    wire.received.clear()
    sim.reset()
    sim.poke(MCUSR_ADDRESS, bytes([mcusr]))
    sim.poke(R2_ADDRESS, bytes([r2]))
    wire.wait(30_000)
    return wire.last(Identity)


@pytest.mark.parametrize(
    ("mcusr", "r2", "cause"),
    [
        (WATCHDOG_RESET, 0xFF, 4),
        (EXTERNAL_RESET, WATCHDOG_RESET, 2),
        (0, WATCHDOG_RESET, 4),
        (0, EXTERNAL_RESET, 2),
        (0, 0, 0),
        (0, 0xA8, 0),
    ],
    ids=["MCUSR", "MCUSR before r2", "r2: watchdog", "r2: external", "neither", "r2 is garbage"],
)
def test_the_cause_of_a_reset_is_that_of_mcusr_or_of_r2_or_unknown(
    sim: Simavr, mcusr: int, r2: int, cause: int
) -> None:
    assert boot(sim, mcusr, r2).reset_cause == cause


def test_the_identity_tells_the_sources_of_the_build(sim: Simavr) -> None:
    folders = (FIRMWARE / "src" / "core", FIRMWARE / "src" / "avr")
    code, headers = (
        [path for folder in folders for path in sorted(folder.glob(kind))]
        for kind in ("*.c", "*.h")
    )
    # In the order of the Makefile: both layers' code, then both layers' headers.
    headers.sort(key=lambda path: f"{path.parent.name}/{path.name}")
    code_bytes = b"".join(path.read_bytes() for path in (*code, *headers))
    identity = boot(sim, EXTERNAL_RESET, 0)
    assert f"{identity.build_hash:08x}" == hashlib.sha1(code_bytes).hexdigest()[:8]
    version = f"{identity.version_major}.{identity.version_minor}.{identity.version_patch}"
    assert (version, identity.clock_hz, identity.channels) == ("0.1.0", 16_000_000, 8)
    assert identity.capabilities == 0x1F
