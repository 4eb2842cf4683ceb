"""The C core's shot queue, built for this machine, behind the interface of the Python one."""

import ctypes
from pathlib import Path

from firmware_bridge.board import Reason
from firmware_bridge.messages import (
    CHANNELS,
    REASONS,
    SHOT_SLOTS,
    VERDICTS_KEPT,
    Report,
    ShotCommand,
    pack,
)

u8, u32 = ctypes.c_uint8, ctypes.c_uint32
ENDED = 3


class Slot(ctypes.Structure):
    _fields_ = (
        ("item_id", u32),
        ("open_tick", u32),
        ("close_tick", u32),
        ("channel", u8),
        ("state", u8),
        ("outcome", u8),
        ("reason", u8),
        ("opened", ctypes.c_bool),
        ("told", ctypes.c_bool),
        ("told_ms", u8),
        ("next", u8),
    )


class Verdict(ctypes.Structure):
    _fields_ = (("item_id", u32), ("reason", u8))


class Queue(ctypes.Structure):
    _fields_ = (
        ("slots", Slot * SHOT_SLOTS),
        ("armed", u8),
        ("open", u8),
        ("pops", u8),
        ("ended", u8),
        ("hindrance", u8),
        ("open_mask", u8),
        ("open_count", u8 * CHANNELS),
        ("verdicts", Verdict * VERDICTS_KEPT),
        ("verdict_next", u8),
    )


class NativeShotQueue:
    def __init__(self, library: Path) -> None:
        self._core = ctypes.CDLL(str(library))
        self._queue = Queue()
        self._core.shot_queue_clear(ctypes.byref(self._queue))

    @property
    def open_mask(self) -> int:
        return int(self._queue.open_mask)

    @property
    def free_slots(self) -> int:
        return int(self._core.shot_queue_free_slots(ctypes.byref(self._queue)))

    @property
    def reports(self) -> list[Report]:
        return [
            Report(
                item_id=slot.item_id,
                items=1,
                channel=slot.channel,
                outcome=slot.outcome,
                reason=slot.reason,
                opened=int(slot.opened),
                open_tick=slot.open_tick if slot.opened else 0,
                close_tick=slot.close_tick if slot.opened else 0,
            )
            for slot in self._queue.slots
            if slot.state == ENDED
        ]

    def offer(self, shot: ShotCommand, tick: int) -> Reason:
        code = self._core.shot_queue_offer(
            ctypes.byref(self._queue), pack(shot), ctypes.byref(u32(tick))
        )
        return REASONS[code & 0xFF]

    def on_tick(self, tick: int, forward: bool) -> None:
        self._core.shot_queue_on_tick(ctypes.byref(self._queue), u32(tick), ctypes.c_bool(forward))

    def stop(self, reason: int, tick: int) -> None:
        self._core.shot_queue_stop(ctypes.byref(self._queue), u8(reason), u32(tick))

    def cut(self, channel: int, tick: int) -> None:
        self._core.shot_queue_cut(ctypes.byref(self._queue), u8(channel), u32(tick))

    def acknowledge(self, item_id: int) -> None:
        self._core.shot_queue_acknowledge(ctypes.byref(self._queue), u32(item_id))
