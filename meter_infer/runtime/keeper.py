"""Evidence, kept by a thread of its own so that a slow disk holds up no reading."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence

from meter_infer.annotate import Polyline
from meter_infer.errors import SinkError
from meter_infer.events import AlarmEvent, AlarmLevel, Item
from meter_infer.evidence import Evidence, EvidenceFolder, EvidenceSettings, cut_evidence
from meter_infer.runtime.threads import Worker
from meter_infer.types import Frame, Quality, Reading, Reason

logger = logging.getLogger(__name__)

_WAITING = 16
_NOT_SEEN = frozenset({Reason.NO_SIGNAL, Reason.STALE})

Shapes = Callable[[str, str], Sequence[Polyline]]


class Keeper:
    """Chooses what to keep, in the reading loop's thread, and writes it in its own.

    Kept are bad readings, one a meter and reason in `every_s`, and every alarm that is raised.
    """

    def __init__(self, settings: EvidenceSettings, shapes: Shapes) -> None:
        """`shapes(camera, meter)` says what the last look at a meter saw."""
        self._settings = settings
        self._shapes = shapes
        self._folder = EvidenceFolder(settings)
        self._waiting: deque[Evidence] = deque(maxlen=_WAITING)
        self._kept_at: dict[tuple[str, str, str], float] = {}
        self._changed = threading.Condition()
        self._problem = ""
        self.worker = Worker("evidence", self.run)

    def __call__(self, frames: Sequence[Frame], items: Sequence[Item]) -> None:
        """Look at what is published of these frames and put aside what is to be kept."""
        by_camera = {frame.camera: frame for frame in frames}
        last: Reading | None = None
        for item in items:
            if isinstance(item, Reading):
                last = item
                if item.quality is Quality.BAD and item.reason not in _NOT_SEEN:
                    self._put(by_camera, item, f"bad_{item.reason.value}", always=False)
            elif isinstance(item, AlarmEvent) and last is not None and item.level is not AlarmLevel.NONE:
                self._put(by_camera, last, f"alarm_{item.level.name.lower()}_{item.side}", always=True)

    def _put(self, frames: dict[str, Frame], reading: Reading, why: str, *, always: bool) -> None:
        frame = frames.get(reading.camera)
        key = reading.camera, reading.meter, why
        at_s = reading.captured_at.timestamp()
        since_s = at_s - self._kept_at.get(key, float("-inf"))
        if frame is None or (not always and 0 <= since_s < self._settings.every_s):
            return
        self._kept_at[key] = at_s
        shapes = self._shapes(reading.camera, reading.meter)
        with self._changed:
            self._waiting.append(cut_evidence(frame, reading, shapes, why))
            self._changed.notify()

    def run(self, stop: threading.Event) -> None:
        """Body of the thread: write what waits; on the way out as well."""
        while not stop.is_set() or self._waiting:
            with self._changed:
                if not self._waiting:
                    self._changed.wait(0.25)
                evidence = self._waiting.popleft() if self._waiting else None
            if evidence is not None:
                self._save(evidence)

    def _save(self, evidence: Evidence) -> None:
        try:
            self._folder.save(evidence)
        except SinkError as error:
            if str(error) != self._problem:
                logger.warning("%s", error)
            self._problem = str(error)
        else:
            self._problem = ""
