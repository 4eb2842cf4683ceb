"""The thread behind a serial port, over a real pseudo-terminal."""

import os
import threading
import tty
from collections.abc import Iterator

import pytest

from firmware_bridge import serial_transport
from firmware_bridge.serial_transport import PUMP_NAME, SerialTransport
from firmware_bridge.transport import TransportLostError

PATIENCE_S = 10.0


class Pty:
    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)

    def unplug(self) -> None:
        os.close(self.master)
        os.close(self.slave)


class StampClock:
    """Counts stamps; lets a test wait until the thread has made one."""

    def __init__(self) -> None:
        self.stamps = 0
        self._stamped = threading.Semaphore(0)

    def __call__(self) -> float:
        self.stamps += 1
        self._stamped.release()
        return float(self.stamps)

    def wait(self) -> None:
        assert self._stamped.acquire(timeout=PATIENCE_S), "the thread has stamped nothing"


@pytest.fixture
def pty() -> Iterator[Pty]:
    pty = Pty()
    yield pty
    pty.unplug()


def test_a_board_that_takes_no_bytes_does_not_hold_its_user_up(pty: Pty) -> None:
    transport = SerialTransport(pty.path, 250_000, threaded=False)

    def write() -> None:
        for _ in range(1_000):
            transport.write(bytes(1_000))

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    writer.join(PATIENCE_S)
    assert not writer.is_alive()


def test_bytes_are_stamped_when_they_arrive_and_not_when_they_are_read(pty: Pty) -> None:
    clock = StampClock()
    transport = SerialTransport(pty.path, 250_000, clock=clock)
    os.write(pty.master, b"a")
    clock.wait()
    os.write(pty.master, b"b")
    clock.wait()
    transport.close()
    arrivals = transport.read(now_s=99.0)
    assert [(arrival.data, arrival.at_s) for arrival in arrivals] == [(b"a", 1.0), (b"b", 2.0)]
    assert transport.read(now_s=99.0) == []


def test_a_lost_port_is_told_after_what_came_before_it_was_lost() -> None:
    pty = Pty()
    clock = StampClock()
    transport = SerialTransport(pty.path, 250_000, clock=clock)
    os.write(pty.master, b"!")
    clock.wait()
    pty.unplug()
    for thread in threading.enumerate():
        if thread.name == PUMP_NAME:
            thread.join(PATIENCE_S)
    assert [arrival.data for arrival in transport.read(0.0)] == [b"!"]
    with pytest.raises(TransportLostError, match="is gone"):
        transport.read(0.0)
    transport.close()


def test_closing_ends_the_thread_that_waits_for_bytes(pty: Pty) -> None:
    before = threading.active_count()
    transport = SerialTransport(pty.path, 250_000)
    assert threading.active_count() == before + 1
    transport.close()
    transport.close()
    assert threading.active_count() == before


def test_a_stalled_reader_costs_no_more_memory_than_the_backlog(
    pty: Pty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serial_transport, "BACKLOG_BYTES", 3)
    clock = StampClock()
    transport = SerialTransport(pty.path, 250_000, clock=clock)
    for byte in (b"a", b"b", b"c", b"d"):
        os.write(pty.master, byte)
        clock.wait()
    transport.close()
    assert b"".join(arrival.data for arrival in transport.read(0.0)) == b"abc"
