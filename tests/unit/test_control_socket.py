"""How other programs speak with the running sorter."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sorter.control_socket import (
    CLIENTS,
    MAX_BYTES,
    Answer,
    ControlError,
    ControlSocket,
    Request,
    ask,
    connect,
)
from sorter.errors import SorterError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    # Deeper than the 107 characters that the kernel takes for a socket's name.
    folder = tmp_path / ("deep" * 20) / ("down" * 20)
    folder.mkdir(parents=True)
    return folder / "records.sqlite.control"


@pytest.fixture
def control(path: Path) -> Iterator[ControlSocket]:
    control = ControlSocket(path)
    control.open()
    yield control
    control.close()


def echo(request: Request) -> Answer:
    if request.get("do") == "fail":
        raise SorterError("that cannot be done")
    return {"heard": request}


class Serving:
    """Another thread serves while a test asks."""

    def __init__(self, control: ControlSocket) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(control,), daemon=True)

    def _run(self, control: ControlSocket) -> None:
        while not self._over.wait(0.001):
            control.serve(echo)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()


def test_a_request_is_answered(control: ControlSocket, path: Path) -> None:
    with Serving(control):
        assert ask(path, {"do": "state"}) == {"ok": True, "heard": {"do": "state"}}


def test_what_cannot_be_done_is_told_to_the_one_who_asked(
    control: ControlSocket, path: Path
) -> None:
    with Serving(control), pytest.raises(ControlError, match="that cannot be done"):
        ask(path, {"do": "fail"})


def test_a_request_may_come_in_pieces(control: ControlSocket) -> None:
    with connect(control.path) as client:
        for piece in (b'{"do": ', b'"state"', b"}\n"):
            client.sendall(piece)
            control.serve(echo)
        assert client.recv(1000) == b'{"ok": true, "heard": {"do": "state"}}\n'
        assert client.recv(1000) == b""


@pytest.mark.parametrize("line", [b"\xff\n", b"[1]\n", b"nonsense\n", b"[" * 3000 + b"\n"])
def test_what_is_no_request_is_told(control: ControlSocket, line: bytes) -> None:
    with connect(control.path) as client:
        client.sendall(line)
        control.serve(echo)
        assert b"a request is a line with one JSON object" in client.recv(1000)


def test_a_request_without_end_is_hung_up_on(control: ControlSocket) -> None:
    with connect(control.path) as client:
        client.sendall(b"x" * MAX_BYTES)
        control.serve(echo)
        assert client.recv(1000) == b""


def test_a_client_that_goes_without_a_word_is_forgotten(control: ControlSocket) -> None:
    with connect(control.path):
        control.serve(echo)
    control.serve(echo)
    assert control._clients == {}


def test_of_too_many_silent_clients_the_oldest_makes_way(control: ControlSocket) -> None:
    clients = []
    for _ in range(CLIENTS + 1):
        clients.append(connect(control.path))
        control.serve(echo)
    assert clients[0].recv(1000) == b""
    clients[-1].sendall(b"{}\n")
    control.serve(echo)
    assert clients[-1].recv(1000).startswith(b'{"ok": true')
    for client in clients:
        client.close()


def test_what_a_killed_sorter_left_behind_is_replaced(path: Path) -> None:
    killed = ControlSocket(path)
    killed.open()
    assert killed._listener is not None
    killed._listener.close()

    control = ControlSocket(path)
    control.open()
    with Serving(control):
        assert ask(path, {})["ok"]
    control.close()
    assert not path.exists()


def test_a_second_sorter_with_the_same_records_is_refused(
    control: ControlSocket, path: Path
) -> None:
    with pytest.raises(ControlError, match="another 'sorter run' with the same records"):
        ControlSocket(path).open()
    with Serving(control):
        assert ask(path, {})["ok"]


def test_a_running_sorter_of_another_user_is_not_taken_for_a_dead_one(
    control: ControlSocket, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Forbidden(socket.socket):
        def connect(self, address: object) -> None:
            raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as other_user:
        other_user.setattr(socket, "socket", Forbidden)
        with pytest.raises(ControlError, match="another 'sorter run' with the same records"):
            ControlSocket(path).open()
    with Serving(control):
        assert ask(path, {})["ok"]


def test_a_sorter_that_ends_leaves_the_socket_of_its_successor_alone(path: Path) -> None:
    old, new = ControlSocket(path), ControlSocket(path)
    old.open()
    old.close()
    new.open()
    old.close()
    with Serving(new):
        assert ask(path, {})["ok"]
    new.close()
    assert list(path.parent.iterdir()) == []


def test_without_a_running_sorter_one_sentence_says_so(path: Path) -> None:
    with pytest.raises(ControlError, match="no 'sorter run' with these records is running"):
        ask(path, {})
    with pytest.raises(ControlError, match="no 'sorter run' with these records is running"):
        ask(path.parent / "none" / "x.control", {})
