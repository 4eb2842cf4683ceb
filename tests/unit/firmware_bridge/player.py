"""Plays steps to a simulated board and keeps all that it has shown."""

from collections import Counter
from collections.abc import Callable

from firmware_bridge.codes import FAULT_BITS, OUTCOMES, REASONS
from firmware_bridge.compiled_in import PROTOCOL_VERSION
from firmware_bridge.framing import Deframer, encode
from firmware_bridge.messages import (
    Ack,
    EstopClear,
    Fault,
    Flush,
    Heartbeat,
    Hello,
    Message,
    Query,
    Report,
    ReportAck,
    ShotCommand,
    State,
)
from firmware_bridge.packing import unpack
from firmware_bridge.plant import InputPin, PinEdge, show_tick
from firmware_bridge.virtual_firmware import VirtualFirmware
from firmware_bridge.wired_plant import WireFrame
from tests.contract.wire import BeltOrders, belt_command

LAST_ITEM = 40
"""Items of the shots are 1 … this."""
ANSWER_US = 3_000
_FREE = (
    (InputPin.ESTOP, False),
    (InputPin.AUX, False),
    (InputPin.BUTTON, True),
    (InputPin.ENTRY_BEAM, False),
    (InputPin.PASSED_BEAM, False),
)


class Player:
    def __init__(self, firmware: VirtualFirmware, start_tick: int) -> None:
        self.firmware = firmware
        self.edges: list[PinEdge] = []
        self.frames: list[WireFrame] = []
        self.seen: Counter[str] = Counter()
        """What the board has told: outcomes, refusals, faults."""
        self.tick = start_tick
        """As the board counts, when it last said so."""
        self.place = 0
        self.seq = 0
        self._deframer = Deframer()
        self._orders = BeltOrders()
        self.send(Hello(protocol=PROTOCOL_VERSION, session=1))
        self.send(Heartbeat())
        self.send(belt_command("run_by_operator"))

    def wait(self, duration_us: int) -> None:
        self.edges += self.firmware.advance(self.firmware.now_us + duration_us)
        frames = self.firmware.take()
        self.frames += frames
        for frame in frames:
            for got in self._deframer.feed(frame.data):
                self._note(unpack(got.kind, got.payload))

    def live(self, duration_us: int) -> None:
        """Wait with a host that is heard."""
        for _ in range(-(-duration_us // 100_000)):
            self.send(Heartbeat())
            self.wait(min(duration_us, 100_000))

    def send(self, message: Message) -> None:
        self.seq = (self.seq + 1) % 256
        self.firmware.send(encode(self._orders.number(message), self.seq))
        self.wait(ANSWER_US)

    def drive(self, pin: InputPin, level: bool) -> None:
        self.firmware.drive(pin, level)

    def turn(self, ticks: int, tick_us: int) -> None:
        for _ in range(abs(ticks)):
            self.place += 1 if ticks > 0 else -1
            show_tick(self.firmware, self.place)
            self.wait(tick_us)

    def stand(self) -> None:
        """As far as it goes: nothing is in the way, no shot is left, the belt stands."""
        self.firmware.send(b"\0")
        self.send(Hello(protocol=PROTOCOL_VERSION, session=1))
        for pin, level in _FREE:
            self.drive(pin, level)
        self.send(Heartbeat())
        for step in (1, 2):
            self.send(EstopClear(boot_nonce=1, session=1, step=step))
        self.send(belt_command("stop"))
        self.send(Flush())
        for item in range(1, LAST_ITEM + 1):
            self.firmware.send(encode(ReportAck(item_id=item), 0))
        self.wait(30_000)
        self.send(Query())

    def run(self) -> None:
        """The belt runs by an operator's order."""
        self.send(belt_command("run_by_operator"))
        self.send(Heartbeat())

    def _note(self, message: object) -> None:
        if isinstance(message, Report):
            self.seen[f"{OUTCOMES[message.outcome].value} {REASONS[message.reason].value}"] += 1
        elif isinstance(message, Ack) and message.command == ShotCommand.TYPE:
            self.seen[f"shot answered {REASONS[message.status].value}"] += 1
        elif isinstance(message, State | Fault):
            for name, bit in FAULT_BITS.items():
                self.seen[f"fault {name}"] += bool(message.faults & bit)
            if isinstance(message, State):
                self.tick = message.tick
        self.seen = +self.seen


Step = Callable[[Player], None]
