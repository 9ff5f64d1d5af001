"""How the C library keeps the memory of many threads."""

import ctypes
import gc
import os
import sys
from contextlib import suppress

# parameters of mallopt(3)
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8

_ARENAS = 2
_LARGE_BYTES = 1 << 18
"""Frames that wait, inputs and outputs of the networks; fresh pages for them cost a hundredth of a look."""
_SPARE_BYTES = 8 << 20


def settle() -> None:
    """Take what lives now for what lives for good; to be called once all is set up.

    Python looks for circular garbage among all that lives only when a quarter as much is new, which after
    a start takes hours of clients, requests and errors. From now on it looks among what is new alone.
    """
    gc.collect()
    gc.freeze()


def give_back() -> None:
    """Return to the system what the heaps hold and nobody uses: pages between what lives and what is gone.

    Frames, tables and messages come and go in many threads; without this the holes they leave grow for hours.
    Takes some milliseconds after `settle`. The C library's part is without effect where that is another one.
    """
    gc.collect()
    if sys.platform.startswith("linux"):
        with suppress(AttributeError):  # musl
            ctypes.CDLL(None).malloc_trim(0)


def share_heaps() -> None:
    """Let all threads share two heaps, and give every large block back at once.

    Left to itself, glibc gives nearly each thread a heap of its own, and keeps the networks' inputs, several
    megabytes each, in them between two looks. Without effect where the C library is another one, or where
    the environment says otherwise (``MALLOC_ARENA_MAX`` and the like).
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # musl has one heap for all
        return
    for name, parameter, value in (
        ("MALLOC_ARENA_MAX", _ARENA_MAX, _ARENAS),
        ("MALLOC_MMAP_THRESHOLD_", _MMAP_THRESHOLD, _LARGE_BYTES),
        ("MALLOC_TRIM_THRESHOLD_", _TRIM_THRESHOLD, _SPARE_BYTES),
    ):
        if name not in os.environ:
            mallopt(parameter, value)
