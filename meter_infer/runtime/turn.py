"""How the threads that read share one pair of networks."""

import threading
from collections import deque
from typing import Self


class NetworkTurn:
    """Whoever waited longest is next: a meter that is always in doubt must not shut out the others.

    See `pipeline.Turn`.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[int] = deque()

    def free(self) -> bool:
        """Say whether nobody has the networks or waits for them just now."""
        return not self._waiting

    def __enter__(self) -> Self:
        me = threading.get_ident()
        with self._changed:
            self._waiting.append(me)
            while self._waiting[0] != me:
                self._changed.wait()
        return self

    def __exit__(self, *exc: object) -> None:
        with self._changed:
            self._waiting.popleft()
            self._changed.notify_all()
