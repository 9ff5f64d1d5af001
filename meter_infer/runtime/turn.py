"""How the threads that read share one pair of networks."""

import threading
from types import TracebackType
from typing import Self


class NetworkTurn:
    """A lock that can be asked whether waiting for it would be worth while. See `pipeline.Turn`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def free(self) -> bool:
        """Say whether nobody has the networks just now."""
        return not self._lock.locked()

    def __enter__(self) -> Self:
        self._lock.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
