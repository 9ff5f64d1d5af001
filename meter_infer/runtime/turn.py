"""How the threads that read share one pair of networks, and Python."""

import threading
from collections import deque
from typing import Self


class NetworkTurn:
    """Whoever waited longest for the networks is next: a meter in doubt must not shut out the others.

    A thread reads `at the desk`, one at a time: Python runs one thread of them anyway, and passing its lock
    to and fro at each call into NumPy would cost more than the reading itself. Who waits for the networks or
    uses them leaves the desk meanwhile. See `pipeline.Turn`.
    """

    def __init__(self) -> None:
        self.desk = threading.Lock()
        """To be held by who reads, and so by who enters."""
        self._changed = threading.Condition()
        self._waiting: deque[int] = deque()

    def free(self) -> bool:
        """Say whether nobody has the networks or waits for them just now."""
        return not self._waiting

    def __enter__(self) -> Self:
        self.desk.release()
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
        self.desk.acquire()
