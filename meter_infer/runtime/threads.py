"""Threads that have a name, a stop event and somebody who looks after them."""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable

from meter_infer.errors import MeterInferError
from meter_infer.runtime.backoff import Backoff

logger = logging.getLogger(__name__)

DECODING, NETWORKS = 5, 10
"""Steps of priority below the rest. What has been decoded is read and published first, then comes decoding,
and the networks, which are due seldom, work in what is left."""


def give_way(steps: int) -> None:
    """Lower the priority of the calling thread, and so of those that it starts. Linux has one a thread."""
    if sys.platform == "linux" and steps:
        thread = threading.get_native_id()
        mine = os.getpriority(os.PRIO_PROCESS, thread)
        os.setpriority(os.PRIO_PROCESS, thread, min(19, mine + steps))


class Worker:
    """One thread that runs `body(stop)` until it returns; one that dies is started again.

    `body` must return soon after `stop` is set. What it raises is logged, counted, handed to
    `on_failure`, and followed by a pause and another run: the thread goes on, its work begins anew. Its
    priority is `steps` below that of who starts it (`give_way`).
    """

    def __init__(
        self,
        name: str,
        body: Callable[[threading.Event], None],
        on_failure: Callable[[str, Exception], None] | None = None,
        backoff: Backoff | None = None,
        steps: int = 0,
    ) -> None:
        self.name = name
        self.failures = 0
        """How often `body` raised."""
        self.last_failure: str | None = None
        self.stop_event = threading.Event()
        self._body = body
        self._on_failure = on_failure
        self._backoff = backoff or Backoff(first_s=0.5, limit_s=10.0)
        self._steps = steps
        # A daemon, because a thread that waits inside FFmpeg for a dead camera must not keep the process.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end; returns at once."""
        self.stop_event.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for its end; False where it did not come in time."""
        if self._thread.ident is None:
            return True
        self._thread.join(max(0.0, timeout_s))
        return not self._thread.is_alive()

    @property
    def started(self) -> bool:
        """Whether it was ever started."""
        return self._thread.ident is not None

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        give_way(self._steps)
        while not self.stop_event.is_set():
            began = time.monotonic()
            try:
                self._body(self.stop_event)
            except Exception as error:  # noqa: BLE001  # the thread's edge: logged, counted, begun anew
                self._failed(error, time.monotonic() - began)
            else:
                return

    def _failed(self, error: Exception, lasted_s: float) -> None:
        self.failures += 1
        self.last_failure = f"{type(error).__name__}: {error}"
        if lasted_s > 60:
            self._backoff.reset()
        known = isinstance(error, MeterInferError)
        logger.error(
            "Thread %s failed and is started again: %s", self.name, self.last_failure, exc_info=not known
        )
        if self._on_failure is not None:
            self._on_failure(self.name, error)
        self.stop_event.wait(self._backoff.delay())


def stop_all(workers: Iterable[Worker], deadline_s: float) -> list[str]:
    """Stop all, then join all until `deadline_s` of `time.monotonic`; return the names of those that hang."""
    workers = list(workers)
    for worker in workers:
        worker.stop()
    return [worker.name for worker in workers if not worker.join(deadline_s - time.monotonic())]
