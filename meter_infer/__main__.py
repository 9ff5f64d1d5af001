"""`meter-infer`, and `python -m meter_infer`: an entry that Ctrl-C ends in good order from the beginning."""

import os
import signal
import sys
from contextlib import suppress
from types import FrameType

_INTERRUPTED = 130


def main() -> None:
    """Import the command line, which takes half a second, and run it with the process's arguments."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # a shell may have it ignored for what runs in the background
        signal.signal(signal.SIGINT, _end)
    from meter_infer.cli.main import main as run

    try:
        signal.signal(signal.SIGINT, before)
        run()
    except KeyboardInterrupt:  # before a command has begun, which has its own ways to end
        _say()
        sys.exit(_INTERRUPTED)


def _end(number: int, frame: FrameType | None) -> None:
    """End at once: nothing is open yet, and an exception in the midst of an import may be lost in it."""
    _say()
    os._exit(_INTERRUPTED)


def _say() -> None:
    with suppress(OSError):
        os.write(2, b"interrupted\n")


if __name__ == "__main__":
    main()
