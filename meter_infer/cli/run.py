"""`meter-infer run`: watch the cameras of a site until told to stop."""

import logging
import os
import queue
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from meter_infer.app import ReaderOptions
from meter_infer.config import load_site
from meter_infer.runtime.redact import RedactingFormatter, Secrets
from meter_infer.service import Service, ServiceOptions

logger = logging.getLogger(__name__)

_LAYOUT = "%(asctime)s %(levelname)-7s %(threadName)s: %(message)s"
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}
_STOP = (signal.SIGTERM, signal.SIGINT)


def run_command(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The site file.", metavar="FILE", show_default=False)],
    backend: Annotated[str, typer.Option(help="auto, openvino or onnxruntime.", metavar="NAME")] = "auto",
    models: Annotated[
        Path | None, typer.Option(help="Folder of other models than those shipped.", metavar="DIR")
    ] = None,
    log: Annotated[str, typer.Option(help="debug, info or warning.", metavar="LEVEL")] = "info",
) -> None:
    """Watch the cameras of a site and publish every reading, until SIGTERM or Ctrl-C.

    SIGHUP reads the site file again: cameras and meters are added, changed and removed without touching
    the rest. A second SIGTERM or Ctrl-C ends at once.

    \b
    Examples:
      meter-infer run site.yaml
      CAM_PASSWORD=secret meter-infer run /etc/meter_infer/site.yaml --log warning
    """
    if log not in _LEVELS:
        raise typer.BadParameter("give debug, info or warning", param_hint="--log")
    options = ctx.obj if isinstance(ctx.obj, ServiceOptions) else None
    secrets = Secrets()
    with _logging(_LEVELS[log], secrets), _signals() as arrived:
        options = options or ServiceOptions(ReaderOptions(backend, models))
        service = Service(load_site(file), options, secrets)
        service.start()
        while (number := arrived.get()) not in _STOP:
            service.reload()
        logger.info("Stopping (%s).", signal.Signals(number).name)
        hanging = service.stop()
        if hanging:
            logger.warning("Stopped without waiting for %s.", ", ".join(hanging))
            # everything is flushed; a thread inside FFmpeg must not hold up or crash the interpreter's end
            logging.shutdown()
            sys.stdout.flush()
            os._exit(0)
        logger.info("Stopped.")


@contextmanager
def _logging(level: int, secrets: Secrets) -> Iterator[None]:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter(secrets, _LAYOUT))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(level)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


@contextmanager
def _signals() -> Iterator["queue.SimpleQueue[int]"]:
    """Deliver SIGTERM, SIGINT and SIGHUP into a queue; a second one to stop ends the process at once."""
    arrived: queue.SimpleQueue[int] = queue.SimpleQueue()  # its put may be called from a signal handler
    stops = 0

    def note(number: int, _frame: FrameType | None) -> None:
        nonlocal stops
        stops += number in _STOP
        if stops > 1:
            os._exit(128 + number)
        arrived.put(number)

    before = {number: signal.signal(number, note) for number in (*_STOP, signal.SIGHUP)}
    try:
        yield arrived
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
