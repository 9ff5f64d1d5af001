"""From the reading loop to the sinks: one bounded queue and one thread for each."""

import logging
import threading
import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from meter_infer.errors import SinkError
from meter_infer.events import Item
from meter_infer.runtime.backlog import Backlog
from meter_infer.runtime.backoff import Backoff
from meter_infer.runtime.threads import Worker
from meter_infer.sinks.live import LiveSink
from meter_infer.types import Reading

logger = logging.getLogger(__name__)

_TICK_S = 0.25
_BATCH = 500


class Outlet:
    """A sink with its queue and its thread. A slow or dead sink fills its own queue and nothing else."""

    def __init__(self, sink: LiveSink, size: int, backoff: Backoff | None = None) -> None:
        self.sink = sink
        self.worker = Worker(f"sink-{sink.name}", self.run)
        self._queue = Backlog()
        self._size = size
        self._changed = threading.Condition()
        self._pending: list[Item] = []
        self._spared: dict[tuple[type, str, str], Item] = {}
        """What gave way in a full queue and is not said again by itself; older than the queue."""
        self._backoff = backoff or Backoff(first_s=0.5, limit_s=2.0)
        self._problem: str | None = None
        self._dropped = 0
        self.written = 0
        """Items the sink took."""

    def put(self, items: Sequence[Item]) -> None:
        """Queue items; never waits. The oldest give way when the queue is full."""
        with self._changed:
            self._queue.extend(items)
            for item in self._queue.pop(len(self._queue) - self._size):
                self._spare(item)
            self._changed.notify()

    def _spare(self, item: Item) -> None:
        """Drop a reading, of which another follows; of what is said only once keep the latest."""
        if isinstance(item, Reading):
            self._dropped += 1
            return
        key = type(item), getattr(item, "camera", ""), getattr(item, "meter", "")
        self._dropped += self._spared.pop(key, None) is not None
        self._spared[key] = item

    @property
    def depth(self) -> int:
        """Items that wait for the sink."""
        return len(self._spared) + len(self._queue) + len(self._pending)

    @property
    def dropped(self) -> int:
        """Items that were lost, here or in the sink."""
        return self._dropped + self.sink.dropped

    @property
    def problem(self) -> str | None:
        """What hinders the delivery; None when all is well."""
        return self._problem or self.sink.problem

    def wake(self) -> None:
        """Let the thread look at its stop event at once."""
        with self._changed:
            self._changed.notify_all()

    def run(self, stop: threading.Event) -> None:
        """Body of the thread: deliver until told to stop, then deliver what is left and close."""
        try:
            while not stop.is_set():
                self._await(stop)
                if not self._attempt(stop):
                    stop.wait(self._backoff.delay())
            while self.depth and self._attempt(stop):
                pass
        finally:
            if stop.is_set():
                self._close()

    def _await(self, stop: threading.Event) -> None:
        with self._changed:
            if not self._queue and not self._pending and not stop.is_set():
                self._changed.wait(_TICK_S)

    def _attempt(self, stop: threading.Event) -> bool:
        """Write one batch and tick; False where the sink cannot."""
        if not self._pending:
            with self._changed:
                self._pending = [*self._spared.values(), *self._queue.pop(_BATCH)]
                self._spared.clear()
        try:
            if self._pending:
                self._write()
            self.sink.tick()
        except SinkError as error:
            self._report(str(error))
            return False
        self._report(None)
        self._backoff.reset()
        return True

    def _write(self) -> None:
        try:
            self.sink.write(self._pending)
        except SinkError:
            raise
        except Exception:  # one item that a sink cannot stand must not hold up the rest
            logger.error(
                "Sink %s failed on a batch; trying its items one by one.", self.sink.name, exc_info=True
            )
            self._write_singly()
        else:
            self.written += len(self._pending)
            self._pending = []

    def _write_singly(self) -> None:
        while self._pending:
            try:
                self.sink.write(self._pending[:1])
                self.written += 1
            except SinkError:
                raise
            except Exception:  # dropped, logged and counted
                self._dropped += 1
                logger.error("Sink %s dropped an item it failed on.", self.sink.name, exc_info=True)
            del self._pending[0]

    def _report(self, problem: str | None) -> None:
        if problem and not self._problem:
            logger.warning("Sink %s: %s It is tried again.", self.sink.name, problem)
        elif self._problem and not problem:
            logger.info("Sink %s works again.", self.sink.name)
        self._problem = problem

    def _close(self) -> None:
        lost = self.depth
        try:
            self.sink.close()
        except SinkError as error:
            logger.warning("Sink %s could not be closed cleanly: %s", self.sink.name, error)
        if lost:
            self._dropped += lost
            logger.warning("Sink %s stopped with %d items undelivered.", self.sink.name, lost)


class Dispatcher:
    """Hands every item to every outlet. The readings of a meter leave in the order of their capture times.

    A reading that comes out of the networks so late that the watchdog has spoken for its meter meanwhile
    is dropped and counted: nobody downstream should see time run backwards.
    """

    def __init__(self, outlets: Sequence[Outlet]) -> None:
        self.outlets = tuple(outlets)
        self.late = 0
        """Readings that came too late."""
        self._lock = threading.Lock()
        self._newest: dict[tuple[str, str], datetime] = {}

    def publish(self, items: Sequence[Item]) -> Sequence[Item]:
        """Queue items for all sinks, in this order; return those that were. Never waits for a sink."""
        with self._lock:
            timely = [item for item in items if not isinstance(item, Reading) or self._is_timely(item)]
            if timely:
                for outlet in self.outlets:
                    outlet.put(timely)
        return timely

    def forget(self, camera: str, meters: Collection[str] | None = None) -> None:
        """Forget a camera that was removed, or some of its meters alone."""
        with self._lock:
            for key in [key for key in self._newest if key[0] == camera]:
                if meters is None or key[1] in meters:
                    del self._newest[key]

    def _is_timely(self, reading: Reading) -> bool:
        key = reading.camera, reading.meter
        newest = self._newest.get(key)
        # a newest one that lies in the future says that the clock was set back: time begins anew
        if newest is not None and reading.captured_at < newest <= datetime.now(UTC):
            self.late += 1
            return False
        self._newest[key] = reading.captured_at
        return True

    def start(self) -> None:
        """Start the sinks' threads."""
        for outlet in self.outlets:
            outlet.worker.start()

    def stop(self, deadline_s: float) -> list[str]:
        """Stop, flush and join all until `deadline_s` (monotonic); return the names of those that hang."""
        for outlet in self.outlets:
            outlet.worker.stop()
            outlet.wake()
        return [
            outlet.worker.name
            for outlet in self.outlets
            if not outlet.worker.join(deadline_s - time.monotonic())
        ]
