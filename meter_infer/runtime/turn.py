"""How the threads that read share one pair of networks, and Python."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self


class NetworkTurn:
    """Whoever waited longest for the networks is next: a meter in doubt must not shut out the others.

    A thread reads `at the desk`, one at a time: Python runs one thread of them anyway, and passing its lock
    to and fro at each call into NumPy would cost more than the reading itself. Who waits for the networks,
    or for what they say, leaves the desk meanwhile. See `pipeline.Turn`.
    """

    def __init__(self) -> None:
        self.urgent = False
        self.desk = threading.Lock()
        """To be held by who reads, and so by who enters."""
        self._changed = threading.Condition()
        self._waiting: deque[int] = deque()

    def free(self) -> bool:
        """Say whether nobody has the networks or waits for them just now."""
        return not self._waiting

    @contextmanager
    def away(self) -> Iterator[None]:
        """Leave the desk for a while."""
        self.desk.release()
        try:
            yield
        finally:
            self.desk.acquire()

    def __enter__(self) -> Self:
        me = threading.get_ident()
        with self._changed:
            self._waiting.append(me)
            first = self._waiting[0] == me
        if not first:
            with self.away(), self._changed:
                while self._waiting[0] != me:
                    self._changed.wait()
        return self

    def __exit__(self, *exc: object) -> None:
        with self._changed:
            self._waiting.popleft()
            self._changed.notify_all()
