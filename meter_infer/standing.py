"""Whether a meter still stands where it stood when its calibration points were clicked in the picture.

Points in the picture do not know of the camera. As long as the surroundings of a meter are followed from
frame to frame, they are taken along. Once these are lost (a knock, a hand before the lens, other light),
nobody knows where the points belong; then the networks must see the meter where it stood, and until they do
no reading of it is good.
"""

from dataclasses import dataclass

import numpy as np

from meter_infer.reading.geometry import DialGeometry, TubeGeometry, wrap

SAME_PLACE = 0.025
"""A meter that was lost stands where it stood if it is off by no more, as a share of its radius or length (of
1 for angles, radians)."""
TURNED = np.deg2rad(2.5)
"""A tube that leans by so much more or less was turned, whatever its surroundings seem to say: its ends may
be off by more, its axis is not."""

ELSEWHERE = 0.04
"""A tube both of whose ends are off by more than this share of its length, and by about the same, moved,
whatever its surroundings seem to say: bare ones say nothing. One end alone may be misread."""


@dataclass(slots=True)
class Standing:
    """Where the picture, and a meter in it, is by now. Distances in pixels of the frame."""

    lost: bool = False
    """The picture moved, and nobody knows how far."""
    _base: tuple[float, float] = (0.0, 0.0)
    """How far the picture had moved when the frame-rate path was built."""
    _swung: tuple[float, float] = (0.0, 0.0)
    """How far it had swung since, at the networks' last look."""
    _home: DialGeometry | TubeGeometry | None = None
    """The meter in the picture in which the points were clicked."""
    _settled: bool = False
    """The meter was lost before: its home is known no better by what is seen after that."""
    _sure: bool = False
    """The home is the mean of several looks."""

    @property
    def moved(self) -> tuple[float, float]:
        """How far the picture has moved since the points were clicked, as of the networks' last look."""
        return self._base[0] + self._swung[0], self._base[1] + self._swung[1]

    @property
    def built(self) -> tuple[float, float]:
        """How far it had moved when the frame-rate path was built."""
        return self._base

    @property
    def home(self) -> DialGeometry | TubeGeometry | None:
        """The meter in the picture in which the points were clicked, once that is known for sure."""
        return self._home if self._sure else None

    def recall(self, home: DialGeometry | TubeGeometry) -> None:
        """Take note of where an earlier run saw the meter: it must first be seen there again."""
        self._home, self._sure, self._settled, self.lost = home, True, True, True

    def swing(self, shift: tuple[float, float]) -> None:
        """Take note of how far the picture has swung since the frame-rate path was built."""
        self._swung = shift

    def rebuilt(self) -> None:
        """Take note that the frame-rate path is built anew, in the picture as it is now."""
        self._base, self._swung = self.moved, (0.0, 0.0)

    def know(self, geometry: DialGeometry | TubeGeometry, verified: bool) -> None:
        """Learn where the meter stands.

        Args:
            geometry: of the frame-rate path, where nothing has swung.
            verified: it is the mean of several looks.
        """
        if self._home is None or (verified and not self._settled):
            self._home = geometry.moved(-np.array(self._base))
            self._sure |= verified

    def is_lost(self, geometry: DialGeometry | TubeGeometry | None, astray: bool) -> bool:
        """Say whether the points belong to another picture than this; it stays so until the meter is back.

        Args:
            geometry: the meter as the networks see it, frame pixels; None where they do not.
            astray: the networks see it elsewhere than before, or its surroundings are not to be found.
        """
        if self._home is None:
            return False
        known = self._home.moved(np.array(self.moved))
        if self.lost or astray or _is_displaced(known, geometry):
            self._settled = True
            self.lost = not _is_same(known, geometry)
        return self.lost


def _is_displaced(known: DialGeometry | TubeGeometry, seen: DialGeometry | TubeGeometry | None) -> bool:
    if not isinstance(known, TubeGeometry) or not isinstance(seen, TubeGeometry):
        return False  # a dial that turned is seen as another by its track
    start, end = seen.start - known.start, seen.end - known.end
    way = float(np.linalg.norm(start + end)) / 2
    moved = way > ELSEWHERE * known.length and float(np.linalg.norm(start - end)) < 0.5 * way
    return moved or bool(seen.direction @ known.direction < np.cos(TURNED))


def _is_same(known: DialGeometry | TubeGeometry, seen: DialGeometry | TubeGeometry | None) -> bool:
    """Say whether a meter is where, and as large and as upright as, it is known to be."""
    if isinstance(known, DialGeometry) and isinstance(seen, DialGeometry):
        turn = abs(wrap(known.start_angle - seen.start_angle))
        growth = abs(np.log(seen.radius / known.radius))
        return bool(max(np.linalg.norm(known.to_dial(seen.center)), turn, growth) < SAME_PLACE)
    if isinstance(known, TubeGeometry) and isinstance(seen, TubeGeometry):
        off = np.stack([seen.start - known.start, seen.end - known.end])
        return bool(np.linalg.norm(off, axis=1).max() < SAME_PLACE * known.length)
    return False
