"""What systemd is told: ready, alive, status. Without systemd it goes nowhere."""

from __future__ import annotations

from typing import Protocol

WATCHDOG_PERIOD_S = 0.5
"""Progress is reported at most this often; far more often than the unit's WatchdogSec."""


class Notifier(Protocol):
    """Takes the lines of the sd_notify protocol."""

    def notify(self, state: str) -> None:
        """Send one or more lines, as in `READY=1`."""
        ...


def systemd_notifier() -> Notifier:
    """A notifier to the service manager that $NOTIFY_SOCKET names, if any."""
    import sdnotify

    notifier: Notifier = sdnotify.SystemdNotifier()
    return notifier


class ServiceNotify:
    """Feeds the service manager's watchdog by progress of the pipeline and by nothing else."""

    def __init__(self, notifier: Notifier) -> None:
        """Wrap a notifier."""
        self._notifier = notifier
        self._ready = False
        self._fed_s: float | None = None

    def progress(self, status: str, now_s: float) -> None:
        """A frame went through the pipeline; the first time also tells that the machine is up."""
        if not self._ready:
            self._ready = True
            self._notifier.notify("READY=1")
        if self._fed_s is None or now_s - self._fed_s >= WATCHDOG_PERIOD_S:
            self._fed_s = now_s
            self._notifier.notify(f"WATCHDOG=1\nSTATUS={status}")

    def status(self, status: str) -> None:
        """One line for `systemctl status`."""
        self._notifier.notify(f"STATUS={status}")

    def stopping(self) -> None:
        """The machine is shutting down."""
        self._notifier.notify("STOPPING=1")
