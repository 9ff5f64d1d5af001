"""`meter-infer run`: watch the cameras of a site until told to stop."""

import logging
import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Self

import cv2
import typer

from meter_infer.app import ReaderOptions
from meter_infer.backends import options_for
from meter_infer.cli.doubts import doubts_of_meters, doubts_of_url
from meter_infer.cli.options import BackendName, Precision
from meter_infer.config import SinksConfig, load_site
from meter_infer.runtime.memory import give_back, settle, share_heaps
from meter_infer.runtime.redact import RedactingFormatter, Secrets
from meter_infer.service import Service, ServiceOptions

logger = logging.getLogger(__name__)

_LAYOUT = "%(asctime)s %(levelname)-7s %(threadName)s: %(message)s"
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}
_STOP = (signal.SIGTERM, signal.SIGINT)
_TIDY_S = 60.0
"""How often memory that nobody uses is given back."""


def run_command(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The site file.", metavar="FILE", show_default=False)],
    backend: BackendName = "auto",
    precision: Precision = None,
    no_build: Annotated[
        bool, typer.Option("--no-build", help="Refuse to start where a TensorRT engine must be built first.")
    ] = False,
    gpu_loss: Annotated[
        str,
        typer.Option(
            help="When the GPU falls away: cpu reads on until it is back, restart only opens it again.",
            metavar="WHAT",
        ),
    ] = "cpu",
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
    if gpu_loss not in ("cpu", "restart"):
        raise typer.BadParameter("give cpu or restart", param_hint="--gpu-loss")
    options = ctx.obj if isinstance(ctx.obj, ServiceOptions) else None
    share_heaps()
    secrets = Secrets()
    with _logging(_LEVELS[log], secrets), _Signals() as signals:
        cv2.setNumThreads(1)  # the threads that read do not need OpenCV's own beside them
        engine = options_for(backend, precision, build=not no_build)
        reader = ReaderOptions(
            backend, models, engine=engine, gpu_loss="cpu" if gpu_loss == "cpu" else "restart"
        )
        options = options or ServiceOptions(reader)
        site = load_site(file)
        if site.sinks == SinksConfig() and site.http is None and not options.sinks:
            logger.warning("The readings go nowhere: the site file has neither sinks nor http.")
        for name, camera in site.cameras.items():
            for what, problem in (*doubts_of_url(site, camera), *doubts_of_meters(camera)):
                logger.warning("cameras.%s.%s: %s.", name, what, problem)
        service = Service(site, options, secrets)
        service.start()
        settle()
        while (number := signals.wait(_TIDY_S)) not in _STOP:
            if number == signal.SIGHUP:
                service.reload()
            elif number is None:
                give_back()
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


class _Signals:
    """SIGTERM, SIGINT and SIGHUP, to be waited for; a second one to stop ends the process at once.

    They come through a pipe: a lock that the handler releases can miss the second of two signals.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._stops = 0

    def wait(self, timeout_s: float) -> int | None:
        """Return the next signal's number; None where none comes in time."""
        ready, _, _ = select.select([self._read], [], [], timeout_s)
        return os.read(self._read, 1)[0] if ready else None

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._note) for number in (*_STOP, signal.SIGHUP)}
        self._wakeup = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        return self

    def __exit__(self, *exc: object) -> None:
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._read)
        os.close(self._write)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._stops += number in _STOP
        if self._stops > 1:
            os._exit(128 + number)
