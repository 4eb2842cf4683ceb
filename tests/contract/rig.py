"""A board, its plant and a belt that the tests turn by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field

from firmware_bridge.board import (
    BoardAnswer,
    BoardBeam,
    BoardConnected,
    BoardEvent,
    BoardFault,
    Order,
    Reason,
    ShotReport,
)
from firmware_bridge.fault_watch import START_NEEDED
from firmware_bridge.linked_board import LinkedBoard
from firmware_bridge.plant import OutputPin, PinEdge, Plant, show_tick

SERVICE_US = 1_000


def nothing() -> None:
    """No wire to pump: the board and its plant are one."""


def no_reset(cause: str) -> None:
    raise AssertionError(f"this board cannot be reset ({cause})")


@dataclass(slots=True, kw_only=True)
class Rig:
    board: LinkedBoard
    plant: Plant
    reset: Callable[[str], None] = no_reset
    """Resets the board for one of `RESET_CAUSES`."""
    pump: Callable[[], None] = nothing
    alive: bool = True
    """The pipeline makes progress."""
    tick: int = 0
    events: list[BoardEvent] = field(default_factory=list)
    edges: list[PinEdge] = field(default_factory=list)
    edge_ticks: list[int] = field(default_factory=list)
    """Where the belt was at each of `edges`."""

    @property
    def now_s(self) -> float:
        return self.plant.now_us / 1e6

    def run(self, duration_us: int) -> None:
        """Let time pass with the belt at rest."""
        until_us = self.plant.now_us + duration_us
        while self.plant.now_us < until_us:
            self._advance(min(until_us, self.plant.now_us + SERVICE_US))
            self.service()

    def turn(self, ticks: int, *, tick_us: int = 1_000) -> None:
        """Turn the encoder, forward or (negative) backward; the last tick gets its full time."""
        direction = 1 if ticks > 0 else -1
        for _ in range(abs(ticks)):
            self.tick += direction
            show_tick(self.plant, self.tick)
            self._advance(self.plant.now_us + tick_us)
            self.service()

    def service(self) -> None:
        if self.alive:
            self.board.heartbeat(self.now_s)
        self.pump()
        self.events += self.board.service(self.now_s)
        self.pump()

    def connect(self) -> None:
        """Power up, open and shake hands."""
        self.run_unopened(20_000)
        self.board.open(self.now_s)
        self.run(100_000)
        assert any(isinstance(event, BoardConnected) for event in self.events)

    def run_unopened(self, duration_us: int) -> None:
        self._advance(self.plant.now_us + duration_us)

    @property
    def reports(self) -> dict[int, ShotReport]:
        """By item; fails on a second report of the same item."""
        reports = [event for event in self.events if isinstance(event, ShotReport)]
        by_item = {report.item_id: report for report in reports}
        assert len(by_item) == len(reports), "a shot was reported twice"
        return by_item

    @property
    def faults(self) -> list[tuple[str, bool]]:
        """What was raised and cleared, in order; the wait for the start button is no fault."""
        told = [event for event in self.events if isinstance(event, BoardFault)]
        return [(fault.name, fault.active) for fault in told if fault.name != START_NEEDED]

    @property
    def waits_for_start(self) -> bool:
        """What was told last."""
        told = [event for event in self.events if isinstance(event, BoardFault)]
        return [fault.active for fault in told if fault.name == START_NEEDED][-1]

    @property
    def beams(self) -> list[BoardBeam]:
        return [event for event in self.events if isinstance(event, BoardBeam)]

    def answers(self, order: Order) -> list[Reason]:
        """What became of the orders of this kind."""
        told = [event for event in self.events if isinstance(event, BoardAnswer)]
        return [answer.reason for answer in told if answer.order is order]

    def swings(self, pin: OutputPin) -> list[tuple[int, bool]]:
        """Tick and level of every change of an output."""
        pairs = zip(self.edges, self.edge_ticks, strict=True)
        return [(tick, edge.level) for edge, tick in pairs if edge.pin is pin]

    def _advance(self, until_us: int) -> None:
        edges = self.plant.advance(until_us)
        self.edges += edges
        self.edge_ticks += [self.tick] * len(edges)
