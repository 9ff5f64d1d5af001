"""Items that wait for a sink, in order; those that wait long are packed."""

import pickle
import zlib
from collections import deque
from collections.abc import Sequence

from meter_infer.events import Item

_PACK = 500


class Backlog:
    """A queue of items, for one thread at a time.

    While a disk is full, tens of thousands of readings wait. As objects each takes half a kilobyte, and
    Python does not give that memory back when they are gone: something that lives on lies among them. Packed,
    `_PACK` at a time, they take a fifteenth.
    """

    def __init__(self) -> None:
        self._oldest: deque[Item] = deque()
        self._packed: deque[bytes] = deque()
        """Newer than `_oldest`, older than `_newest`; `_PACK` items each."""
        self._newest: deque[Item] = deque()

    def __len__(self) -> int:
        return len(self._oldest) + _PACK * len(self._packed) + len(self._newest)

    def extend(self, items: Sequence[Item]) -> None:
        """Put items at the end."""
        self._newest.extend(items)
        while len(self._newest) >= 2 * _PACK:
            batch = [self._newest.popleft() for _ in range(_PACK)]
            self._packed.append(zlib.compress(pickle.dumps(batch, pickle.HIGHEST_PROTOCOL), 1))

    def pop(self, most: int) -> list[Item]:
        """Take up to so many items from the front."""
        taken: list[Item] = []
        while len(taken) < most:
            if not self._oldest:
                if self._packed:
                    self._oldest.extend(pickle.loads(zlib.decompress(self._packed.popleft())))
                elif self._newest:
                    self._oldest, self._newest = self._newest, self._oldest
                else:
                    break
            taken.append(self._oldest.popleft())
        return taken
