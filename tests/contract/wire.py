"""The host's end of a simulated board's wire, held by hand: frames in, messages out."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from firmware_bridge.codes import BELT_ORDERS
from firmware_bridge.compiled_in import PROTOCOL_VERSION
from firmware_bridge.framing import Deframer, encode, encode_frame
from firmware_bridge.messages import (
    Ack,
    BeltCommand,
    Heartbeat,
    Hello,
    Message,
    Report,
    ShotCommand,
    State,
)
from firmware_bridge.packing import Foreign, unpack
from firmware_bridge.plant import OutputPin, PinEdge, show_tick
from firmware_bridge.wired_plant import WiredPlant
from firmware_bridge.wrapping import fold
from tests.contract.rig import no_reset

M = TypeVar("M")


def shot_command(
    item_id: int,
    first: int,
    end: int,
    *,
    channel: int = 0,
    mates: tuple[int, ...] = (),
    boot_nonce: int = 1,
    session: int = 1,
) -> ShotCommand:
    mate_1, mate_2, mate_3 = (*mates, 0, 0, 0)[:3]
    return ShotCommand(
        boot_nonce=boot_nonce,
        session=session,
        item_id=item_id,
        mate_1=mate_1,
        mate_2=mate_2,
        mate_3=mate_3,
        channel=channel,
        open_tick=fold(first),
        close_tick=fold(end),
    )


def belt_command(
    order: str,
    *,
    order_id: int = 0,
    virtual_mticks_s: int = 0,
    boot_nonce: int = 1,
    session: int = 1,
) -> BeltCommand:
    return BeltCommand(
        boot_nonce=boot_nonce,
        session=session,
        order_id=order_id,
        run=BELT_ORDERS.index(order),
        virtual_mticks_s=virtual_mticks_s,
    )


class BeltOrders:
    """Numbers the belt orders of a session that have no number."""

    def __init__(self) -> None:
        self._last = 0

    def number(self, message: Message) -> Message:
        if not isinstance(message, BeltCommand) or message.order_id:
            return message
        self._last += 1
        return replace(message, order_id=self._last)


class Wire:
    def __init__(self, plant: WiredPlant, reset: Callable[[str], None] = no_reset) -> None:
        self.plant = plant
        self.reset = reset
        """Resets the board for one of `RESET_CAUSES`."""
        self.received: list[tuple[int, Message | Foreign]] = []
        self.edges: list[PinEdge] = []
        self.tick = 0
        self._deframer = Deframer()
        self._seq = 0
        self._orders = BeltOrders()

    def wait(self, duration_us: int) -> None:
        self.edges += self.plant.advance(self.plant.now_us + duration_us)
        for frame in self.plant.take():
            for got in self._deframer.feed(frame.data):
                self.received.append((got.seq, unpack(got.kind, got.payload)))

    def turn(self, ticks: int) -> None:
        direction = 1 if ticks > 0 else -1
        for _ in range(abs(ticks)):
            self.tick += direction
            show_tick(self.plant, self.tick)
            self.wait(500)

    def send(self, message: Message) -> int:
        self._seq = (self._seq + 1) % 256
        self.plant.send(encode(self._orders.number(message), self._seq))
        return self._seq

    def send_raw(self, kind: int, payload: bytes) -> None:
        self.plant.send(encode_frame(kind, 1, payload))

    def ask(self, message: Message) -> None:
        """Send and leave time for the answer."""
        self.send(message)
        self.wait(5_000)

    def greet(self, session: int = 1) -> None:
        self.wait(20_000)
        self.ask(Hello(protocol=PROTOCOL_VERSION, session=session))
        self.ask(Heartbeat())
        self.received.clear()

    def all(self, kind: type[M]) -> list[M]:
        return [message for _, message in self.received if isinstance(message, kind)]

    def last(self, kind: type[M]) -> M:
        return self.all(kind)[-1]

    def state(self) -> State:
        self.ask(Heartbeat())
        return self.last(State)

    def statuses(self) -> list[int]:
        return [ack.status for ack in self.all(Ack)]

    def reported(self) -> dict[int, Report]:
        return {report.item_id: report for report in self.all(Report)}

    def rises(self, pin: OutputPin) -> int:
        return sum(edge.level for edge in self.edges if edge.pin is pin)
