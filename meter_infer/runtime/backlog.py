"""Items that wait for a sink, in order; those that wait long are packed."""

import json
import zlib
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from meter_infer.events import Item
from meter_infer.types import Box, MeterKind, Quality, Reading, Reason

_PACK = 500


class _Pack(NamedTuple):
    """Some items that follow each other."""

    rows: bytes
    """A list of the values of each reading, and null for each other item: JSON, compressed."""
    others: tuple[Item, ...]


class Backlog:
    """A queue of items, for one thread at a time.

    While a disk is full, tens of thousands of readings wait. As objects each takes half a kilobyte, and
    Python does not give that memory back when they are gone: something that lives on lies among them. Packed,
    `_PACK` at a time, they take an eighth.
    """

    def __init__(self) -> None:
        self._oldest: deque[Item] = deque()
        self._packed: deque[_Pack] = deque()
        """Newer than `_oldest`, older than `_newest`; `_PACK` items each."""
        self._newest: deque[Item] = deque()

    def __len__(self) -> int:
        return len(self._oldest) + _PACK * len(self._packed) + len(self._newest)

    def extend(self, items: Sequence[Item]) -> None:
        """Put items at the end."""
        self._newest.extend(items)
        while len(self._newest) >= 2 * _PACK:
            self._packed.append(_pack([self._newest.popleft() for _ in range(_PACK)]))

    def pop(self, most: int) -> list[Item]:
        """Take up to so many items from the front."""
        taken: list[Item] = []
        while len(taken) < most:
            if not self._oldest:
                if self._packed:
                    self._oldest.extend(_unpack(self._packed.popleft()))
                elif self._newest:
                    self._oldest, self._newest = self._newest, self._oldest
                else:
                    break
            taken.append(self._oldest.popleft())
        return taken


def _pack(items: Sequence[Item]) -> _Pack:
    rows = [_row(item) if isinstance(item, Reading) else None for item in items]
    text = json.dumps(rows, separators=(",", ":"), default=np.generic.item)
    others = tuple(item for item in items if not isinstance(item, Reading))
    return _Pack(zlib.compress(text.encode(), 1), others)


def _unpack(pack: _Pack) -> list[Item]:
    others = iter(pack.others)
    return [next(others) if row is None else _reading(*row) for row in json.loads(zlib.decompress(pack.rows))]


def _row(reading: Reading) -> list[Any]:
    """Return a reading's values in the order of its fields, as `_reading` takes them."""
    box = reading.box
    return [
        reading.captured_at.isoformat(),
        reading.camera,
        reading.meter,
        reading.kind.value,
        reading.value,
        reading.unit,
        reading.raw,
        reading.fraction,
        reading.quality.value,
        reading.reason.value,
        reading.confidence,
        reading.frame,
        reading.latency_ms,
        None if box is None else [box.x1, box.y1, box.x2, box.y2],
    ]


def _reading(at: str, camera: str, meter: str, kind: str, *rest: Any) -> Reading:
    value, unit, raw, fraction, quality, reason, confidence, frame, latency_ms, box = rest
    return Reading(
        captured_at=datetime.fromisoformat(at),
        camera=camera,
        meter=meter,
        kind=MeterKind(kind),
        value=value,
        unit=unit,
        raw=raw,
        fraction=fraction,
        quality=Quality(quality),
        reason=Reason(reason),
        confidence=confidence,
        frame=frame,
        latency_ms=latency_ms,
        box=None if box is None else Box(*box),
    )
