"""Does a camera show the world, or the same picture for ever, or nothing?"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from meter_infer.events import CameraState
from meter_infer.reading.sampling import is_blank
from meter_infer.types import Luma

_GRID = 96
_EVERY_S = 0.5


@dataclass(slots=True)
class PictureWatch:
    """Looks at a sample of each picture, twice a second.

    A live camera's noise changes every picture; one that stays the same to the last bit is repeated by
    something between the lens and here.
    """

    frozen_after_s: float
    """0: never."""
    black_after_s: float
    """0: never."""
    _sample: NDArray[np.uint8] | None = field(default=None, init=False)
    _looked_s: float | None = field(default=None, init=False)
    _changed_s: float = field(default=0.0, init=False)
    _seen_s: float = field(default=0.0, init=False)
    _state: CameraState = field(default=CameraState.ONLINE, init=False)

    def look(self, luma: Luma, now_s: float) -> CameraState:
        """Return ONLINE, FROZEN or BLACK after a picture that arrived at `now_s` (monotonic)."""
        if self._looked_s is not None and now_s - self._looked_s < _EVERY_S:
            return self._state
        first = self._looked_s is None
        self._looked_s = now_s
        rows, columns = (max(1, size // _GRID) for size in luma.shape)
        sample = luma[::rows, ::columns].copy()
        if first or not is_blank(luma):
            self._seen_s = now_s
        if self._sample is None or not np.array_equal(self._sample, sample):
            self._sample, self._changed_s = sample, now_s
        if self.black_after_s and now_s - self._seen_s >= self.black_after_s:
            self._state = CameraState.BLACK
        elif self.frozen_after_s and now_s - self._changed_s >= self.frozen_after_s:
            self._state = CameraState.FROZEN
        else:
            self._state = CameraState.ONLINE
        return self._state
