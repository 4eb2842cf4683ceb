"""Questions for the board's state: they time the round trip, and some carry the heartbeat."""

from __future__ import annotations

from firmware_bridge.framing import encode
from firmware_bridge.messages import Heartbeat, HostMessage, Query

POLL_EVERY_S = 0.02

_KEPT = 64


class Polling:
    """Asks every `POLL_EVERY_S`; with a heartbeat whenever the pipeline has made progress.

    Args:
        byte_s: time of one byte on the wire, the least that a frame can take per byte.
    """

    def __init__(self, byte_s: float) -> None:
        self._byte_s = byte_s
        self._asked: dict[int, tuple[float, int]] = {}
        self._next_s = 0.0
        self._alive = False
        self._waiting_since_s: float | None = None
        self.heartbeat_at_s = 0.0
        """When the last heartbeat was sent."""

    def start(self, now_s: float) -> None:
        """A session begins; the board takes the handshake for its first heartbeat."""
        self._asked.clear()
        self._next_s = self.heartbeat_at_s = now_s
        self._alive = False
        self._waiting_since_s = None

    def stop(self) -> None:
        """The session is over."""
        self._waiting_since_s = None

    def heartbeat(self) -> None:
        """The pipeline has made progress: the next question will say so."""
        self._alive = True

    def is_due(self, now_s: float) -> bool:
        """Whether to ask now."""
        return now_s >= self._next_s

    def ask(self, now_s: float, seq: int) -> bytes:
        """The question, under the number `seq`."""
        self._next_s = now_s + POLL_EVERY_S
        question: HostMessage = Query()
        if self._alive:
            question = Heartbeat()
            self._alive = False
            self.heartbeat_at_s = now_s
        if self._waiting_since_s is None:
            self._waiting_since_s = now_s
        data = encode(question, seq)
        self._asked[seq] = (now_s, len(data))
        if len(self._asked) > _KEPT:
            del self._asked[next(iter(self._asked))]
        return data

    def heard(self) -> None:
        """Something has come from the board."""
        self._waiting_since_s = None

    def unanswered_for_s(self, now_s: float) -> float:
        """For how long questions have gone unanswered; a host that asks nothing waits for none."""
        return 0.0 if self._waiting_since_s is None else now_s - self._waiting_since_s

    def round_trip(self, seq: int, size: int, at_s: float) -> tuple[float, float] | None:
        """Bounds on the moment that an answer tells of, in host time; None for a stale answer.

        Args:
            seq: number of question and answer.
            size: bytes of the answer.
            at_s: when its last byte came in.
        """
        asked = self._asked.pop(seq, None)
        if asked is None:
            return None
        sent_s, sent_size = asked
        return sent_s + sent_size * self._byte_s, at_s - size * self._byte_s
