"""The status page by itself."""

import logging
import socket
import struct
import threading

import pytest

from meter_infer.runtime.health import Health
from meter_infer.runtime.http import StatusServer
from meter_infer.runtime.metrics import Metrics
from tests.runtime.fakes import until


def test_who_hangs_up_leaves_no_traceback(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    asked, gone = threading.Event(), threading.Event()

    def health() -> Health:
        asked.set()
        gone.wait(60)
        return Health(alive=True, ready=True, problems={"camera/a": "x" * 100_000})

    server = StatusServer("127.0.0.1", 0, Metrics(), health)
    server.start()
    try:
        with caplog.at_level(logging.DEBUG):
            client = socket.create_connection(("127.0.0.1", server.port))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # hang up at once
            client.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            assert asked.wait(60)
            client.close()
            gone.set()
            until(lambda: "broke off" in caplog.text)
    finally:
        server.stop()
    assert not [record for record in caplog.records if record.levelno > logging.DEBUG]
    assert "Traceback" not in "".join(capfd.readouterr())
