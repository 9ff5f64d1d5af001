"""How the C library keeps the memory of many threads."""

import ctypes
import os
import sys

_M_ARENA_MAX = -8  # mallopt(3)
_ARENAS = 2


def share_heaps() -> None:
    """Let all threads share two heaps; glibc gives nearly each of them one of its own, which never shrinks.

    Without effect where the C library is another one, or the environment says otherwise (MALLOC_ARENA_MAX).
    """
    if not sys.platform.startswith("linux") or "MALLOC_ARENA_MAX" in os.environ:
        return
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)
    except AttributeError:  # musl has one heap for all
        return
