"""What a simulated board needs of the firmware's portable core."""

from __future__ import annotations

from typing import Protocol


class Core(Protocol):
    """The board's rules: the ones in pure Python, or the firmware's own built natively."""

    @property
    def outlets(self) -> int:
        """Outlets that are open, one bit a channel."""
        ...

    @property
    def belt(self) -> bool:
        """Whether the belt runs."""
        ...

    @property
    def stack_light(self) -> bool:
        """Whether it is lit."""
        ...

    @property
    def status_led(self) -> bool:
        """Whether it is lit."""
        ...

    @property
    def virtual_mticks_s(self) -> int:
        """Speed at which the board makes ticks now; 0 while the encoder counts."""
        ...

    @property
    def servos(self) -> int:
        """Outlets that are servos, one bit a channel."""
        ...

    def pulse_us(self, channel: int) -> int:
        """Length of a servo's next pulse; 0 for none."""
        ...

    def look(self, now_us: int, inputs: int) -> None:
        """Take note of the time and of the input pins, before each of the calls below."""
        ...

    def receive(self, data: bytes) -> None:
        """Bytes from the host."""
        ...

    def on_step(self, step: int) -> None:
        """The belt has moved by one tick, 1 or -1."""
        ...

    def on_skipped(self) -> None:
        """The encoder has skipped a state."""
        ...

    def on_storm(self) -> None:
        """The encoder gives edges that no belt can give."""
        ...

    def on_estop(self) -> None:
        """The E-stop chain is open."""
        ...

    def on_beam(self, beam: int, blocked: bool) -> None:
        """A beam has this level now."""
        ...

    def on_timer(self) -> None:
        """A millisecond has passed."""
        ...

    def tell(self) -> list[bytes]:
        """Frames for the host since the last call."""
        ...
