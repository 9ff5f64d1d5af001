"""`/metrics`, `/healthz` and `/readyz` on one port."""

import json
import logging
import socket
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from meter_infer.errors import ConfigError
from meter_infer.runtime.health import Health
from meter_infer.runtime.metrics import CONTENT_TYPE, Metrics
from meter_infer.runtime.threads import Worker

logger = logging.getLogger(__name__)

_REQUEST_S = 5.0


class StatusServer:
    """Serves what Prometheus and an orchestrator ask for; raises ConfigError where the port is taken."""

    def __init__(self, host: str, port: int, metrics: Metrics, health: Callable[[], Health]) -> None:
        class Handler(_Handler):
            pages: ClassVar = {
                "/metrics": lambda: (200, CONTENT_TYPE, metrics.render()),
                "/healthz": lambda: _health_page(health(), ready=False),
                "/readyz": lambda: _health_page(health(), ready=True),
            }

        try:
            self._server = _Server6((host, port), Handler) if ":" in host else _Server((host, port), Handler)
        except OSError as error:
            raise ConfigError(
                f"The status page cannot listen on {host}:{port}: {error.strerror}; "
                "choose another port or address."
            ) from error
        self.worker = Worker("http", self._serve)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Start serving."""
        self.worker.start()

    def stop(self) -> None:
        """Stop serving and free the port."""
        self.worker.stop()
        if self.worker.alive:
            self._server.shutdown()
        self._server.server_close()
        self.worker.join(2.0)

    def _serve(self, _stop: threading.Event) -> None:
        self._server.serve_forever(poll_interval=0.1)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 16

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep those who hang up before they have their answer out of the log."""
        error = sys.exception()
        if isinstance(error, ConnectionError | TimeoutError):
            logger.debug("A request of the status page broke off: %s", error)
        else:
            logger.error("The status page failed.", exc_info=True)


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Handler(BaseHTTPRequestHandler):
    timeout = _REQUEST_S
    server_version = "meter_infer"
    sys_version = ""
    pages: ClassVar[dict[str, Callable[[], tuple[int, str, bytes]]]] = {}

    def do_GET(self) -> None:  # the base class's name
        """Answer one request."""
        page = self.pages.get(self.path.split("?")[0])
        status, kind, body = page() if page else (404, "text/plain", b"See /metrics, /healthz, /readyz.\n")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Keep requests out of the log."""
        logger.debug(format, *args)


def _health_page(health: Health, *, ready: bool) -> tuple[int, str, bytes]:
    fine = health.ready if ready else health.alive
    return 200 if fine else 503, "application/json", json.dumps(health.to_dict()).encode() + b"\n"
