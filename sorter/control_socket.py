"""The running sorter's ear: a socket beside its records, one line of JSON each way.

Served between frames by the daemon's own loop: nothing here waits, and a client that misbehaves
costs its own connection alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sorter.errors import SorterError

MAX_BYTES = 4096
"""Of a request."""
MAX_ANSWER_BYTES = 256 * 1024
CLIENTS = 8
"""Connected at once; the oldest makes way for one more."""
ANSWER_WITHIN_S = 5.0
"""A sorter that runs answers within a frame."""

Request = dict[str, Any]
Answer = dict[str, Any]


class ControlError(SorterError):
    """The running sorter cannot be reached, or has refused."""


def control_path(records: Path) -> Path:
    """Where the sorter that writes these records listens: one place for each machine."""
    return records.with_name(f"{records.name}.control")


class ControlSocket:
    """Takes requests of other programs of this computer."""

    def __init__(self, path: Path) -> None:
        """Describe the socket; nothing is opened yet."""
        self.path = path
        self._listener: socket.socket | None = None
        self._clients: dict[socket.socket, bytes] = {}

    def open(self) -> None:
        """Begin to listen; what a sorter that was killed has left behind is replaced.

        Raises:
            ControlError: another sorter listens there.
            OSError: the socket cannot be made.
        """
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # Under its own name only once it listens: until then it would look like a dead one.
        fresh = self.path.with_name(f"{self.path.name}.new")
        try:
            with _address(self.path) as address:
                if self.path.is_socket() and _lives(address):
                    raise ControlError(
                        f"{self.path}: another 'sorter run' with the same records is running"
                    )
            fresh.unlink(missing_ok=True)
            with _address(fresh) as address:
                listener.bind(address)
            # The group may command the machine, as it may read the records.
            fresh.chmod(0o660)
            listener.listen(CLIENTS)
            listener.setblocking(False)
            fresh.replace(self.path)
        except (OSError, ControlError):
            listener.close()
            raise
        self._listener = listener

    def serve(self, obey: Callable[[Request], Answer]) -> None:
        """Answer what has come; returns at once.

        Args:
            obey: carries out a request. A `SorterError` of it is told to the one who asked.
        """
        if self._listener is None:
            return
        with contextlib.suppress(BlockingIOError):
            client, _ = self._listener.accept()
            client.setblocking(False)
            if len(self._clients) == CLIENTS:
                self._hang_up(next(iter(self._clients)))
            self._clients[client] = b""
        for client in list(self._clients):
            self._hear(client, obey)

    def close(self) -> None:
        """Stop to listen."""
        for client in list(self._clients):
            self._hang_up(client)
        if self._listener is not None:
            # Before it is closed: after that the name may be that of another sorter.
            self.path.unlink(missing_ok=True)
            self._listener.close()
            self._listener = None

    def _hear(self, client: socket.socket, obey: Callable[[Request], Answer]) -> None:
        try:
            data = client.recv(MAX_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        heard = self._clients[client] + data
        line, end, _ = heard.partition(b"\n")
        if end:
            answer = json.dumps(_answer(line, obey)).encode() + b"\n"
            # It fits into the socket's buffer, or the client does not read.
            with contextlib.suppress(OSError):
                client.sendall(answer)
        elif data and len(heard) < MAX_BYTES:
            self._clients[client] = heard
            return
        self._hang_up(client)

    def _hang_up(self, client: socket.socket) -> None:
        del self._clients[client]
        client.close()


def ask(path: Path, request: Request) -> Answer:
    """Ask the running sorter something and wait for its answer.

    Raises:
        ControlError: none is running, it does not answer, or it refuses.
    """
    data = b""
    try:
        with connect(path) as connection:
            connection.sendall(json.dumps(request).encode() + b"\n")
            while not data.endswith(b"\n") and len(data) < MAX_ANSWER_BYTES:
                part = connection.recv(MAX_BYTES)
                if not part:
                    break
                data += part
    except PermissionError as error:
        raise ControlError(
            f"{path}: this user may not command the sorter; try it with 'sudo -u sorter'"
        ) from error
    except (FileNotFoundError, ConnectionError) as error:
        raise ControlError(
            f"no 'sorter run' with these records is running ({path}); start it, or give its config "
            f"with --config"
        ) from error
    except OSError as error:
        raise ControlError(f"{path}: the running sorter does not answer ({error})") from error
    try:
        answer: Answer = json.loads(data)
    except ValueError as error:
        raise ControlError(f"{path}: the running sorter has hung up; try it again") from error
    if not answer.get("ok"):
        raise ControlError(str(answer.get("sentence", "the running sorter has refused")))
    return answer


def connect(path: Path) -> socket.socket:
    """A connection to the running sorter.

    Raises:
        OSError: none is running, or this user may not.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(ANSWER_WITHIN_S)
        with _address(path) as address:
            connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


def _answer(line: bytes, obey: Callable[[Request], Answer]) -> Answer:
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        request = None
    if not isinstance(request, dict):
        return {"ok": False, "sentence": "a request is a line with one JSON object"}
    try:
        return {"ok": True, **obey(request)}
    except SorterError as error:
        return {"ok": False, "sentence": str(error)}


def _lives(address: str) -> bool:
    """Only a connection that is refused says that nobody listens there any more."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(address)
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True
        return True


@contextlib.contextmanager
def _address(path: Path) -> Iterator[str]:
    """A name for a socket that is short enough however deep its folder lies.

    The kernel takes 107 characters.
    """
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
