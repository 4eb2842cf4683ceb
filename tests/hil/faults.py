"""Faults that befall a machine, each while a frame is on its way or a shot is armed."""

from collections.abc import Callable

from firmware_bridge.plant import OUTLET_PINS, InputPin
from firmware_bridge.simavr import RAM_END, RAM_START
from tests.hil.lossy_wire import (
    Tamper,
    drop_bytes,
    duplicate_bytes,
    flip_bits,
    reorder_bytes,
)
from tests.hil.machine import Machine

Fault = Callable[[Machine], None]

_BROWN_OUT = 0x04
_EXTERNAL = 0x02


def on_the_wire(tamper: Tamper) -> Fault:
    """One frame is changed, either way."""

    def strike(machine: Machine) -> None:
        way = machine.random.choice((machine.wire.out, machine.wire.back))
        hits = way.hits
        way.tampers.append(tamper)
        machine.run_until(lambda: way.hits > hits, 200_000)
        machine.run(machine.random.randint(5, 40) * 1_000)

    return strike


def freeze_host(machine: Machine) -> None:
    """The host does nothing for up to 0.8 s."""
    machine.frozen = True
    machine.run(machine.random.choice((30, 120, 400, 800)) * 1_000)
    machine.frozen = False


def hang_firmware(machine: Machine) -> None:
    """The main loop or the safety timer stops; somewhere within a millisecond."""
    machine.move(machine.now_us + machine.random.randrange(1_000))
    if machine.random.random() < 0.3:
        machine.hang_timer()
    else:
        machine.hang(interrupts=machine.random.random() < 0.5)
    resets = machine.sim.resets
    machine.run_until(lambda: machine.sim.resets > resets, 500_000)


def brown_out(machine: Machine) -> None:
    """The supply dips: the processor restarts over scrambled memory."""
    machine.move(machine.now_us + machine.random.randrange(1_000))
    machine.sim.restart(_BROWN_OUT, machine.random.randbytes(RAM_END - RAM_START))


def unplug(machine: Machine) -> None:
    """The cable is pulled for a while; half of the boards are reset when it is put back."""
    machine.wire.unplug()
    machine.run(machine.random.choice((20, 200, 700)) * 1_000)
    machine.wire.plugged = True
    if machine.random.random() < 0.5:
        machine.sim.restart(_EXTERNAL, optiboot=True)


def glitch_encoder(machine: Machine) -> None:
    """Short pulses on one of the encoder's channels, of 1 … 40 µs."""
    for _ in range(machine.random.randint(1, 6)):
        pin = machine.random.choice((InputPin.ENCODER_A, InputPin.ENCODER_B))
        machine.move(machine.next_tick_us + machine.random.randrange(60, machine.tick_us - 80))
        machine.flip(pin)
        machine.move(machine.now_us + machine.random.randint(1, 40))
        machine.flip(pin)
    machine.run(20_000)


def reverse_belt(machine: Machine) -> None:
    """The belt is pulled back and goes on."""
    machine.direction = -1
    machine.run(machine.random.randint(1, 30) * machine.tick_us)
    machine.direction = 1


def stop_belt(machine: Machine) -> None:
    """The belt sticks; now and then for so long that its encoder counts as dead."""
    machine.stalled = True
    machine.run(machine.random.choice((20, 60, 150, 300, 1_300)) * 1_000)
    machine.stalled = False


def press_estop(machine: Machine) -> None:
    """The chain opens while an outlet is open."""
    machine.run_until(lambda: machine.any_open, 500_000)
    machine.move(machine.now_us + machine.random.randrange(1_000))
    machine.sim.drive(InputPin.ESTOP, True)
    machine.move(machine.now_us + 50)
    acted_at = len(machine.edges)
    if machine.any_open:
        machine.outside.append(f"open 50 µs after the emergency stop at {machine.now_us} µs")
    machine.run(30_000)
    opened = [edge for edge, _ in machine.edges[acted_at:] if edge.level]
    if any(edge.pin in OUTLET_PINS for edge in opened):
        machine.outside.append(f"opened in the emergency stop at {machine.now_us} µs")
    machine.sim.drive(InputPin.ESTOP, False)
    machine.run(5_000)
    machine.clear_estop()


def stick_beam(machine: Machine) -> None:
    """A beam stays blocked while some hundred ticks go by."""
    pin = machine.random.choice((InputPin.ENTRY_BEAM, InputPin.PASSED_BEAM))
    machine.sim.drive(pin, True)
    machine.run(machine.random.choice((50, 200, 500)) * machine.tick_us)
    machine.sim.drive(pin, False)


def overflow_queue(machine: Machine) -> None:
    """More shots at once than the board has slots for."""
    for number in range(40):
        machine.shoot(260 + 12 * number, machine.random.randint(3, 10))
    machine.run(100_000)


def change_latency(machine: Machine) -> None:
    """The cable's latency becomes another one, uneven in the two directions."""
    for way in (machine.wire.out, machine.wire.back):
        least = machine.random.randint(0, 15) * 1_000
        way.latency_us = (least, machine.random.randint(least, 16_000))
    machine.run(60_000)


FAULTS: dict[str, Fault] = {
    "bit flips": on_the_wire(flip_bits),
    "dropped bytes": on_the_wire(drop_bytes),
    "duplicated bytes": on_the_wire(duplicate_bytes),
    "reordered bytes": on_the_wire(reorder_bytes),
    "host freeze": freeze_host,
    "firmware hang": hang_firmware,
    "brown-out": brown_out,
    "unplug and replug": unplug,
    "encoder glitches": glitch_encoder,
    "reversal": reverse_belt,
    "belt stop": stop_belt,
    "emergency stop": press_estop,
    "stuck beam": stick_beam,
    "queue overflow": overflow_queue,
    "USB latency": change_latency,
}
WIRE_FAULTS = ("bit flips", "dropped bytes", "duplicated bytes", "reordered bytes")
"""They need no recovery, so several of them follow one another."""
WRAPS = ("tick wrap", "microsecond wrap")
"""Every campaign begins with both, shots being armed across them."""
