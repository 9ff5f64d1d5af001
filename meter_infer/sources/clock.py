"""When a stream's picture was taken, from the stream's own clock."""

from __future__ import annotations

import struct
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import av

TRUSTED_SKEW_S = 10.0
"""A camera whose clock is further off than this has not been set; its time is not used."""
_REMEMBERED = 256
_HELD_BACK = 0.5
_DRIFT = 1e-3  # per second: how fast an anchor set by one lucky early arrival is let go
_LATE_S = 0.3
_LATE_FOR_S = 60.0
"""Where all frames of so long come later than that, a clock has stepped: a network clears up in between."""


def wallclock(packet: av.Packet[av.VideoStream]) -> datetime | None:
    """Return the camera's time of a packet, from the last RTCP sender report; None before the first."""
    try:
        if not packet.has_sidedata("prft"):
            return None
        (microseconds,) = struct.unpack_from("<q", bytes(packet.get_sidedata("prft")))
        return datetime.fromtimestamp(microseconds / 1e6, UTC)
    except (ValueError, OverflowError, OSError):  # a clock beyond the years that exist
        return None


class StreamClock:
    """Times for the frames of one connection.

    With the camera's time (RTCP/NTP) that is the capture time. Without, the frames keep the distances of
    their time stamps, and the earliest arrival relative to them is the anchor: a frame that was held up on
    the network is not thereby a later one. Where no frame comes as early any more, a clock has stepped, the
    camera's or this machine's, and the earliest of late is the anchor. Times never run backwards.
    """

    def __init__(self) -> None:
        self._told: OrderedDict[int, datetime] = OrderedDict()
        self._anchor: float | None = None
        self._earliest = inf
        """As the anchor, of the frames since `_since`."""
        self._since = 0.0
        self._last: datetime | None = None
        self._arrived = datetime.min.replace(tzinfo=UTC)
        self._last_stamp = 0.0

    def told(self, pts: int | None, at: datetime | None) -> None:
        """Remember the camera's time of the packet with this time stamp."""
        if pts is None or at is None:
            return
        self._told[pts] = at
        while len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)

    def captured_at(self, pts: int | None, time_base: Fraction | None, arrived: datetime) -> datetime:
        """Return the UTC capture time of a frame that arrived at `arrived`."""
        at = self._paced(pts, time_base, arrived)
        told = self._told.pop(pts, None) if pts is not None else None
        if told is not None and abs((told - arrived).total_seconds()) <= TRUSTED_SKEW_S:
            at = min(told, arrived)
        # a last time that lies in the future says that this machine's clock was set back
        if self._last is not None and at < self._last <= arrived:
            # The camera's clock is behind: time goes on at half its speed until that has caught up.
            at = self._last + _HELD_BACK * max(timedelta(0), arrived - self._arrived)
        self._last, self._arrived = at, arrived
        return at

    def _paced(self, pts: int | None, time_base: Fraction | None, arrived: datetime) -> datetime:
        if pts is None or time_base is None:
            return arrived
        stamp = float(pts * time_base)
        offset = arrived.timestamp() - stamp
        step = stamp - self._last_stamp
        self._last_stamp = stamp
        restarted = self._anchor is None or step < -1 or offset - self._anchor > TRUSTED_SKEW_S
        self._earliest = min(self._earliest, offset)
        if self._anchor is None or restarted or offset < self._anchor:
            self._anchor = offset
            self._begin(arrived)
        else:
            self._anchor += _DRIFT * max(0.0, step)
            if arrived.timestamp() - self._since >= _LATE_FOR_S:
                if self._earliest - self._anchor > _LATE_S:
                    self._anchor = self._earliest
                self._begin(arrived)
        return min(arrived, datetime.fromtimestamp(stamp + self._anchor, UTC))

    def _begin(self, arrived: datetime) -> None:
        """Begin anew to look for the earliest frame."""
        self._earliest, self._since = inf, arrived.timestamp()
