"""A network camera on this machine: one client, MPEG-TS over RTP inside the RTSP connection.

RFC 2326 (RTSP), RFC 3550 (RTP), RFC 2250 (MPEG-TS in RTP).
"""

from __future__ import annotations

import socket
import struct
import threading
from pathlib import Path

TS_PACKET = 188
PER_PACKET = 7
SDP = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=belt\r\nt=0 0\r\nm=video 0 RTP/AVP 33\r\n"


class RtspServer(threading.Thread):
    """Sends a file to every client from its beginning, as fast as it is taken, then hangs up."""

    def __init__(self, film: Path) -> None:
        super().__init__(daemon=True)
        self._film = film.read_bytes()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"rtsp://grower:secret@127.0.0.1:{self._listening.getsockname()[1]}/belt"
        self.start()

    def run(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            with client:
                try:
                    self._serve(client)
                except OSError:
                    # The client has hung up, as it may at any time.
                    continue

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _serve(self, client: socket.socket) -> None:
        requests = client.makefile("rb")
        while line := requests.readline():
            method = line.split()[0].decode()
            fields = {}
            while (header := requests.readline().decode().strip()) != "":
                name, _, value = header.partition(":")
                fields[name.lower()] = value.strip()
            answer, body = "", ""
            if method == "OPTIONS":
                answer = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
            elif method == "DESCRIBE":
                body = SDP
                answer = f"Content-Type: application/sdp\r\nContent-Length: {len(SDP)}\r\n"
            elif method == "SETUP":
                answer = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n"
            head = f"RTSP/1.0 200 OK\r\nCSeq: {fields['cseq']}\r\n{answer}\r\n"
            client.sendall((head + body).encode())
            if method == "PLAY":
                self._play(client)
                return

    def _play(self, client: socket.socket) -> None:
        step = TS_PACKET * PER_PACKET
        for number, start in enumerate(range(0, len(self._film), step)):
            payload = self._film[start : start + step]
            packet = struct.pack(">BBHII", 0x80, 33, number & 0xFFFF, number * 100, 1) + payload
            client.sendall(b"$\x00" + struct.pack(">H", len(packet)) + packet)
        client.shutdown(socket.SHUT_WR)
