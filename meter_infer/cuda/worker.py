"""One thread owns the card; everybody else hands it work and waits no longer than a deadline."""

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from meter_infer.cuda.device import Device
from meter_infer.errors import DeviceLost

T = TypeVar("T")

DEADLINE_S = 10.0
"""A batch takes milliseconds; a card that is silent for so long has hung."""
_STARTING_S = 120.0
_WAITING = 8  # jobs in the queue; there are as many callers at most


class _Job:
    def __init__(self, work: Callable[[Device], Any]) -> None:
        self.work = work
        self.done = threading.Event()
        self.result: Any = None
        self.error: BaseException | None = None


class GpuThread:
    """The thread that owns a card's context.

    Once a job raised DeviceLost, or missed its deadline, every further one is refused with DeviceLost: its
    owner closes this thread and makes another.
    """

    def __init__(self, open_device: Callable[[], Device]) -> None:
        """Open the card. Raises what `open_device` raises, and DeviceLost where it does not come up."""
        self._jobs: queue.Queue[_Job | None] = queue.Queue(_WAITING)
        self._lost: str | None = None
        self._closed = threading.Event()
        self._closers: list[Callable[[], None]] = []
        opened = _Job(lambda device: device)
        self._thread = threading.Thread(
            target=self._serve, args=(open_device, opened), name="gpu", daemon=True
        )
        self._thread.start()
        try:
            self._result(opened, _STARTING_S)
        except BaseException:
            self._closed.set()
            self._jobs.put_nowait(None)  # a card that comes up after all is closed again
            raise

    def run(self, work: Callable[[Device], T], deadline_s: float | None = DEADLINE_S) -> T:
        """Run `work` on the card's thread and return its result, or raise its error.

        Raises DeviceLost where the card fell away, or where `deadline_s` passes; None waits for ever, for
        what is known to take long.
        """
        job = _Job(work)
        self._refuse_if_lost()
        try:
            self._jobs.put(job, timeout=deadline_s)
        except queue.Full:
            raise self._lose(f"it has not answered for {deadline_s:.0f} s") from None
        result: T = self._result(job, deadline_s)
        return result

    def at_end(self, closer: Callable[[], None]) -> None:
        """Let `closer` run on the card's thread before the card is closed, also where it fell away.

        Memory, streams and engines belong to the thread's context, and a lost card takes no work that could
        free them. What `closer` raises is ignored; it may find that all is freed already.
        """
        self._closers.append(closer)

    def not_at_end(self, closer: Callable[[], None]) -> None:
        """Forget a closer; its work was done before."""
        if closer in self._closers:
            self._closers.remove(closer)

    def close(self, deadline_s: float = 5.0) -> None:
        """Free the card. A thread that hangs in the driver is left behind; it holds up no exit."""
        if self._closed.is_set():
            return
        self._closed.set()
        with suppress(queue.Full):
            self._jobs.put(None, timeout=deadline_s)
        self._thread.join(deadline_s)

    def _refuse_if_lost(self) -> None:
        if self._closed.is_set():
            raise DeviceLost("The GPU was closed; open it again.")
        if self._lost is not None:
            raise DeviceLost(f"The GPU fell away ({self._lost}); check nvidia-smi.")

    def _lose(self, why: str) -> DeviceLost:
        self._lost = self._lost or why
        return DeviceLost(f"The GPU fell away ({self._lost}); check nvidia-smi.")

    def _result(self, job: _Job, deadline_s: float | None) -> Any:
        if not job.done.wait(deadline_s):
            raise self._lose(f"it has not answered for {deadline_s:.0f} s")
        if isinstance(job.error, DeviceLost):
            raise self._lose(str(job.error).rstrip(".")) from job.error
        if job.error is not None:
            raise job.error
        return job.result

    def _serve(self, open_device: Callable[[], Device], opened: _Job) -> None:
        try:
            device = open_device()
        except BaseException as error:  # noqa: BLE001  handed to whoever waits for it
            opened.error = error
            opened.done.set()
            return
        opened.done.set()
        try:
            while (job := self._jobs.get()) is not None:
                try:
                    if self._lost is not None:
                        raise DeviceLost(self._lost)
                    job.result = job.work(device)
                except BaseException as error:  # noqa: BLE001  handed to whoever waits for it
                    job.error = error
                job.done.set()
                if self._closed.is_set() and self._jobs.empty():
                    break  # the queue was full when it was closed
        finally:
            for closer in reversed(self._closers):
                with suppress(Exception):  # a card that fell away may refuse even that
                    closer()
            self._closers.clear()
            with suppress(DeviceLost):
                device.close()


_shared: dict[str, tuple[GpuThread, int]] = {}
_lock = threading.Lock()
_opening = threading.Lock()
"""Held while a card is opened, which may take minutes; nobody who lets go of one waits for it."""


def share_gpu(open_device: Callable[[], Device], key: str = "0") -> GpuThread:
    """Return the process's thread for card `key`, opened at the first call; give it back with `release_gpu`.

    One that fell away is replaced: whoever still holds it gets DeviceLost from it.
    """
    with _opening:
        with _lock:
            thread, users = _shared.get(key, (None, 0))
            if thread is not None and thread._lost is None:
                _shared[key] = (thread, users + 1)
                return thread
        opened = GpuThread(open_device)
        with _lock:
            _shared[key] = (opened, 1)
        return opened


def release_gpu(thread: GpuThread) -> None:
    """Give back what `share_gpu` returned; the last one closes the card."""
    with _lock:
        for key, (held, users) in list(_shared.items()):
            if held is thread:
                if users > 1:
                    _shared[key] = (held, users - 1)
                    return
                del _shared[key]
    thread.close()
