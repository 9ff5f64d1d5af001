"""From errors and signals to one sentence and an exit code."""

import errno
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import typer

from meter_infer.errors import MeterInferError

BAD_INPUT = 2
INTERRUPTED = 130
TERMINATED = 143
_NO_ROOM = {errno.ENOSPC, errno.EFBIG, errno.EIO}


class Terminated(BaseException):
    """SIGTERM arrived; like KeyboardInterrupt it is no error, and closes everything on its way out."""


@contextmanager
def reported() -> Iterator[None]:
    """Turn this package's errors, Ctrl-C and SIGTERM into a message on stderr and an exit code."""
    try:
        with _terminable():
            yield
    except MeterInferError as error:
        if isinstance(error.__cause__, BrokenPipeError):
            _forget_stdout()  # `| head` has read enough: nothing to complain of
            raise typer.Exit(0) from None
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(BAD_INPUT) from None
    except BrokenPipeError:
        _forget_stdout()
        raise typer.Exit(0) from None
    except OSError as error:
        # A file's error has its name, and is one of this package's errors by now: this is standard output's.
        if error.filename is not None or error.errno not in _NO_ROOM:
            raise
        _forget_stdout()
        typer.echo(f"error: standard output cannot be written: {error.strerror}", err=True)
        raise typer.Exit(BAD_INPUT) from None
    except KeyboardInterrupt:
        typer.echo("interrupted", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except Terminated:
        typer.echo("terminated", err=True)
        raise typer.Exit(TERMINATED) from None


@contextmanager
def _terminable() -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise Terminated

    try:
        previous = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not the main thread: whoever started it handles signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _forget_stdout() -> None:
    """Keep Python from complaining, when it ends, that the rest of stdout cannot be written."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
