"""A USB cable between the link and a simulated board: late, unplugged, or in bad hands."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from firmware_bridge.board import BoardNotFoundError
from firmware_bridge.framing import Deframer
from firmware_bridge.messages import Ack, Message, Report, ShotCommand
from firmware_bridge.packing import MessageError, unpack
from firmware_bridge.simavr import Simavr
from firmware_bridge.transport import Arrival, TransportLostError

Tamper = Callable[[bytes, Random], bytes]
"""What becomes of a frame and its delimiter."""


def flip_bits(frame: bytes, random: Random) -> bytes:
    data = bytearray(frame)
    for bit in random.sample(range(8 * len(data)), random.choice((1, 1, 2, 3))):
        data[bit // 8] ^= 1 << bit % 8
    return bytes(data)


def drop_bytes(frame: bytes, random: Random) -> bytes:
    if random.random() < 0.3:
        return b""
    first = random.randrange(len(frame))
    return frame[:first] + frame[first + random.randint(1, 3) :]


def duplicate_bytes(frame: bytes, random: Random) -> bytes:
    if random.random() < 0.3:
        return frame + frame
    first = random.randrange(len(frame))
    end = first + random.randint(1, 3)
    return frame[:end] + frame[first:]


def reorder_bytes(frame: bytes, random: Random) -> bytes:
    """Two different neighbours, or the halves around a cut, in the wrong order."""
    if random.random() < 0.3:
        cut = random.randrange(1, len(frame))
        return frame[cut:] + frame[:cut]
    swaps = [k for k in range(len(frame) - 1) if frame[k] != frame[k + 1]]
    k = random.choice(swaps)
    return frame[:k] + frame[k + 1 : k + 2] + frame[k : k + 1] + frame[k + 2 :]


@dataclass(slots=True, kw_only=True)
class Direction:
    """One way of the cable. Frames keep their order."""

    random: Random
    latency_us: tuple[int, int] = (0, 0)
    """Least and most."""
    tampers: list[Tamper] = field(default_factory=list)
    """Each befalls one of the next frames."""
    hits: int = 0
    """Frames that were changed."""
    queue: deque[tuple[int, bytes]] = field(default_factory=deque)
    _last_due_us: int = 0

    def put(self, frame: bytes, now_us: int) -> None:
        due_us = max(now_us + self.random.randint(*self.latency_us), self._last_due_us)
        self._last_due_us = due_us
        if self.tampers and len(frame) > 1:
            tampered = self.tampers.pop()(frame, self.random)
            self.hits += tampered != frame
            frame = tampered
        if frame:
            self.queue.append((due_us, frame))

    def take(self, now_us: int) -> list[tuple[int, bytes]]:
        taken = []
        while self.queue and self.queue[0][0] <= now_us:
            taken.append(self.queue.popleft())
        return taken


class LossyWire:
    """A transport whose far end is the UART of a board in simavr.

    It overhears both ends before anything is tampered with: what the board has armed is known
    here whatever the host hears of it.
    """

    def __init__(self, sim: Simavr, random: Random) -> None:
        self._sim = sim
        self.out = Direction(random=random)
        self.back = Direction(random=random)
        self.plugged = True
        self._open = False
        self.armed: set[int] = set()
        """Shots that the board has taken and not ended yet."""
        self.ended: set[int] = set()
        """Shots on which the board has reported."""
        self._item_of: dict[int, int] = {}
        self._heard = Deframer()

    def connect(self) -> "LossyWire":
        if not self.plugged:
            raise BoardNotFoundError("the cable is unplugged")
        self._open = True
        self.out.queue.clear()
        self.back.queue.clear()
        return self

    def write(self, data: bytes) -> None:
        self._check()
        for frame in data.split(b"\0")[:-1]:
            self._overhear_host(frame + b"\0")
            self.out.put(frame + b"\0", self._sim.now_us)

    def read(self, now_s: float) -> list[Arrival]:
        self._check()
        return [
            Arrival(data=data, at_s=due_us / 1e6)
            for due_us, data in self.back.take(self._sim.now_us)
        ]

    def close(self) -> None:
        self._open = False

    def pump(self) -> None:
        """Move what is due, both ways; what comes from the board while nobody listens is lost."""
        for frame in self._sim.take():
            self._overhear_board(frame.data)
            if self.plugged and self._open:
                self.back.put(frame.data, frame.at_us)
        for _, data in self.out.take(self._sim.now_us):
            self._sim.send(data)

    def unplug(self) -> None:
        self.plugged = False
        self.out.queue.clear()
        self.back.queue.clear()

    def board_was_reset(self) -> None:
        self.armed.clear()
        self._item_of.clear()

    def _check(self) -> None:
        if not self.plugged or not self._open:
            raise TransportLostError("the cable is unplugged")

    def _overhear_host(self, data: bytes) -> None:
        for seq, message in _messages(Deframer(), data):
            if isinstance(message, ShotCommand):
                self._item_of[seq] = message.item_id

    def _overhear_board(self, data: bytes) -> None:
        for seq, message in _messages(self._heard, data):
            if isinstance(message, Ack) and message.command == ShotCommand.TYPE:
                item_id = self._item_of.get(seq)
                if message.status == 0 and item_id is not None and item_id not in self.ended:
                    self.armed.add(item_id)
            elif isinstance(message, Report):
                self.armed.discard(message.item_id)
                self.ended.add(message.item_id)


def _messages(deframer: Deframer, data: bytes) -> list[tuple[int, Message]]:
    messages: list[tuple[int, Message]] = []
    for frame in deframer.feed(data):
        try:
            message = unpack(frame.kind, frame.payload)
        except MessageError:
            continue
        messages.append((frame.seq, message))  # type: ignore[arg-type]
    return messages
