"""The frames that wait to be read: a slot for each camera, and fair batches taken from them."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from meter_infer.runtime.settings import BatchLimits
from meter_infer.types import Frame


class Drop(StrEnum):
    """Why a decoded frame was not read."""

    CADENCE = "cadence"
    """The networks look at fewer frames than the camera sends."""
    SUPERSEDED = "superseded"
    """A newer frame came before the networks had time."""
    STALE = "stale"
    """It was older than the staleness budget when its turn came."""
    ERROR = "error"
    """Reading it failed."""
    STOPPED = "stopped"
    """It waited when the service stopped or the camera was removed."""


@dataclass(slots=True)
class _Slot:
    cadence_s: float
    live: bool
    taken: threading.Condition
    """A frame was taken, or the slot is no more; a recording waits for it. Each for its own: a frame that is
    taken need not wake the threads of all others."""
    frames: deque[Frame] = field(default_factory=deque)
    """Oldest first."""
    busy: bool = False
    """One of its frames is being read."""
    due_s: float = 0.0
    turn: int = 0
    last_capture_s: float | None = None


class Intake:
    """Holds the newest frames of each live camera, and makes batches of those whose turn it is.

    Live cameras never wait: a newer frame takes the place of the oldest of `backlog`, or of the only one
    where not every frame is wanted. A recording's thread waits in `offer` until its frame was taken. Every
    frame that is not read is reported to `on_drop` with its cause.

    Several threads may take batches: a camera whose frame is being read gives no other until `done`.
    """

    def __init__(
        self,
        on_drop: Callable[[str, Drop], None],
        clock: Callable[[], float] = time.monotonic,
        backlog: int = 1,
    ) -> None:
        self._on_drop = on_drop
        self._clock = clock
        self._backlog = backlog
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        """A frame may be ready; who takes batches waits for it."""
        self._slots: dict[str, _Slot] = {}
        self._turn = 0

    def add(self, camera: str, cadence_s: float, *, live: bool) -> None:
        """Make a slot for a camera; a present one only changes its cadence."""
        with self._changed:
            slot = self._slots.get(camera)
            if slot is None:
                slot = self._slots[camera] = _Slot(cadence_s, live, threading.Condition(self._lock))
            slot.cadence_s, slot.live = cadence_s, live
            slot.due_s = min(slot.due_s, self._clock() + cadence_s)
            self._changed.notify_all()
            slot.taken.notify_all()

    def remove(self, camera: str) -> None:
        """Take a camera's slot away; a frame offered for it later is dropped."""
        with self._changed:
            slot = self._slots.pop(camera, None)
            if slot is None:
                return
            for _ in slot.frames:
                self._on_drop(camera, Drop.STOPPED)
            slot.taken.notify_all()

    def is_idle(self, camera: str) -> bool:
        """Say whether no frame of a camera waits or is being read."""
        with self._changed:
            slot = self._slots.get(camera)
            return slot is None or not (slot.frames or slot.busy)

    @property
    def depth(self) -> int:
        """Frames that wait."""
        with self._changed:
            return sum(len(slot.frames) for slot in self._slots.values())

    def offer(self, frame: Frame, stop: threading.Event) -> None:
        """Hand in a frame; returns at once for a live camera. None is taken once `stop` is set."""
        with self._changed:
            slot = self._slots.get(frame.camera)
            # a slot may be another's by now, of the same camera at a new address
            if slot is None or stop.is_set():
                self._on_drop(frame.camera, Drop.STOPPED)
                return
            if not slot.live and not self._admit_recorded(slot, frame, stop):
                return
            due = slot.due_s <= self._clock()
            wake = due or not slot.live or not slot.frames
            while slot.frames and len(slot.frames) >= (self._backlog if slot.cadence_s == 0 else 1):
                early = slot.frames.popleft().received_s < slot.due_s and slot.cadence_s > 0
                self._on_drop(frame.camera, Drop.CADENCE if early else Drop.SUPERSEDED)
            slot.frames.append(frame)
            if wake and not slot.busy:  # not at each of a hundred frames a second that nobody waits for
                self._changed.notify()

    def _admit_recorded(self, slot: _Slot, frame: Frame, stop: threading.Event) -> bool:
        """Wait until a recording's slot is free; its cadence counts in the recording's own time."""
        at = frame.captured_at.timestamp()
        if slot.last_capture_s is not None and 0 <= at - slot.last_capture_s < slot.cadence_s:
            self._on_drop(frame.camera, Drop.CADENCE)
            return False
        while slot.frames:
            if stop.is_set() or self._slots.get(frame.camera) is not slot:
                self._on_drop(frame.camera, Drop.STOPPED)
                return False
            slot.taken.wait(0.2)
        slot.last_capture_s = at
        return True

    def take(self, limits: BatchLimits, timeout_s: float) -> list[Frame]:
        """Return the frames whose turn it is, those longest unserved first; none after `timeout_s`.

        After the first is ready the batch waits `limits.window_s` for others, and never for a camera
        that sends nothing.
        """
        with self._changed:
            end = self._clock() + timeout_s
            while not self._ready():
                wait = min([end, *self._dues()]) - self._clock()
                if end <= self._clock():
                    return []
                self._changed.wait(max(wait, 0.001))
            close = self._clock() + limits.window_s
            while limits.window_s and len(self._ready()) < min(limits.max_frames, len(self._slots)):
                wait = close - self._clock()
                if wait <= 0:
                    break
                self._changed.wait(min([wait, *(max(due - self._clock(), 0.001) for due in self._dues())]))
            return self._collect(limits)

    def _ready(self) -> list[str]:
        now = self._clock()
        return [
            camera
            for camera, slot in self._slots.items()
            if slot.frames and not slot.busy and (slot.due_s <= now or not slot.live)
        ]

    def _dues(self) -> list[float]:
        now = self._clock()
        waiting = (slot for slot in self._slots.values() if slot.frames and not slot.busy)
        return [slot.due_s for slot in waiting if slot.due_s > now]

    def done(self, frames: Sequence[Frame]) -> None:
        """Say that these frames of a batch were read: their cameras may give the next."""
        with self._changed:
            for frame in frames:
                slot = self._slots.get(frame.camera)
                if slot is not None:
                    slot.busy = False
                    if slot.frames:
                        self._changed.notify()

    def _collect(self, limits: BatchLimits) -> list[Frame]:
        now = self._clock()
        batch: list[Frame] = []
        for camera in sorted(self._ready(), key=lambda name: self._slots[name].turn):
            if len(batch) == limits.max_frames:
                break
            slot = self._slots[camera]
            frame = self._fresh(camera, slot, now - limits.staleness_s)
            if frame is None:
                continue
            slot.busy = True
            # the rhythm is kept where possible, and never caught up with after a pause
            slot.due_s = max(slot.due_s + slot.cadence_s, now) if slot.due_s else now + slot.cadence_s
            self._turn += 1
            slot.turn = self._turn
            batch.append(frame)
            slot.taken.notify_all()
        return batch

    def _fresh(self, camera: str, slot: _Slot, least_s: float) -> Frame | None:
        """Take the oldest frame of a slot that did not arrive before `least_s`, and drop what did."""
        while slot.frames:
            frame = slot.frames.popleft()
            if not slot.live or frame.received_s >= least_s:
                return frame
            self._on_drop(camera, Drop.STALE)
        return None
