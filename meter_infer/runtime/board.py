"""What is known just now: the last reading of each meter, the level of each alarm."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from meter_infer.events import AlarmEvent, AlarmLevel, Inventory, Item
from meter_infer.plausibility import Spread, Spreads
from meter_infer.types import Quality, Reading, Reason


@dataclass(frozen=True, slots=True)
class Last:
    """The last reading of a meter."""

    reading: Reading
    noted_s: float
    """When it was noted, monotonic."""
    read_s: float
    """When the last reading came that was made from a picture, monotonic."""


class Board:
    """The present state, for metrics, health and the watchdog. Safe from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last: dict[tuple[str, str], Last] = {}
        self._alarms: dict[tuple[str, str], AlarmLevel] = {}
        self._counts: Counter[tuple[str, str, Quality, Reason]] = Counter()
        self._spreads = Spreads()

    def note(self, items: Iterable[Item], *, from_picture: bool = True) -> None:
        """Remember readings, alarms and what is configured, as they are published."""
        now = self._clock()
        with self._lock:
            for item in items:
                if isinstance(item, Reading):
                    key = item.camera, item.meter
                    before = self._last.get(key)
                    read_s = now if from_picture or before is None else before.read_s
                    self._last[key] = Last(item, now, read_s)
                    self._spreads.add(item)
                    self._counts[item.camera, item.meter, item.quality, item.reason] += 1
                elif isinstance(item, AlarmEvent):
                    self._alarms[item.camera, item.meter] = item.level
                elif isinstance(item, Inventory):
                    self._spreads.know(item.meters)

    def forget(self, camera: str, keep: Iterable[str] = (), alarmed: Iterable[str] = ()) -> None:
        """Forget a camera's meters but those to `keep`, and the alarms of all that are not `alarmed`."""
        kept, watched = set(keep), set(alarmed)
        with self._lock:
            self._drop([key for key in self._last if key[0] == camera and key[1] not in kept])
            for key in [key for key in self._alarms if key[0] == camera and key[1] not in watched]:
                del self._alarms[key]

    def expire(self, camera: str, configured: Collection[str], since_s: float) -> list[str]:
        """Forget a camera's meters that are not `configured` and were not read since then (monotonic).

        Returns their names.
        """
        with self._lock:
            gone = [
                key
                for key, last in self._last.items()
                if key[0] == camera and key[1] not in configured and last.read_s < since_s
            ]
            self._drop(gone)
        return [meter for _, meter in gone]

    def _drop(self, keys: Collection[tuple[str, str]]) -> None:
        for key in keys:
            del self._last[key]
        for count in [count for count in self._counts if count[:2] in keys]:
            del self._counts[count]

    def last(self, camera: str | None = None) -> dict[tuple[str, str], Last]:
        """Return the last reading of each meter (of one camera)."""
        with self._lock:
            return {key: last for key, last in self._last.items() if camera in (None, key[0])}

    def spreads(self) -> dict[tuple[str, str], Spread]:
        """Return how much the values of each meter whose last reading is good have moved lately."""
        with self._lock:
            found = {key: self._spreads.of(last.reading) for key, last in self._last.items()}
        return {key: spread for key, spread in found.items() if spread is not None}

    def alarms(self) -> dict[tuple[str, str], AlarmLevel]:
        """Return the level of each meter that ever had an alarm."""
        with self._lock:
            return dict(self._alarms)

    def counts(self) -> dict[tuple[str, str, Quality, Reason], int]:
        """Return how many readings were published, by camera, meter, quality and reason."""
        with self._lock:
            return dict(self._counts)
