"""Sees to it that silence is never taken for good news."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from meter_infer.events import CameraState, Item
from meter_infer.runtime.board import Board
from meter_infer.runtime.feed import CameraFeed
from meter_infer.runtime.loop import ReadingLoop
from meter_infer.runtime.settings import CameraSettings
from meter_infer.types import MeterKind, Quality, Reading, Reason

logger = logging.getLogger(__name__)

_EVERY_S = 0.25
_NOTIFY_S = 2.0
_FADING = 0.95
_VANISHED_S = 10.0
"""How long a meter that nobody configured is missed aloud."""
_FORGOTTEN_S = 3600.0
"""How long it is remembered: a camera that is away for a while brings its meters back under their names."""
_LONGEST_S = 30.0
"""Patience with the slowest machine."""


class Watchdog:
    """Publishes ``bad`` readings for meters that nobody reads, and watches the reading loop.

    A camera without frames, or a recording that ended, gives ``bad/no_signal``; a camera with frames that
    are not read in time gives ``bad/stale``; both once per cadence, though not more often than each second.
    A meter that nobody configured is missed for a while only, and forgotten after a longer one.
    """

    def __init__(
        self,
        feeds: Callable[[], Iterable[CameraFeed]],
        loop: ReadingLoop,
        board: Board,
        publish: Callable[[Sequence[Item]], None],
        end: Callable[[str, Sequence[str]], None],
        stuck_after_s: float,
        notify: Callable[[], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._feeds = feeds
        self._loop = loop
        self._board = board
        self._publish = publish
        self._end = end
        self._stuck_after_s = stuck_after_s
        self._notify = notify
        self._clock = clock
        self._notified_s = float("-inf")
        self._said: dict[tuple[str, str], float] = {}
        self._lag_s: dict[str, float] = {}
        """How long the readings of a camera took lately, from the arrival of the frame."""
        self._stuck = False
        self.speaking = threading.Lock()
        """Held while it finds out what cameras owe and publishes it: who has it knows that nothing comes any
        more of what was known before."""

    @property
    def stuck_s(self) -> float:
        """How long the batch in work has taken, where that is too long; else 0."""
        since = self._loop.busy_since_s
        busy = self._clock() - since if since is not None else 0.0
        return busy if busy > self._stuck_after_s else 0.0

    def learn(self, items: Iterable[Item]) -> None:
        """Take note of how long readings take; from the thread that read them.

        On a machine that is too slow they come late, but they come: who speaks for their meters before that
        would make them worthless, and for ever.
        """
        for item in items:
            if isinstance(item, Reading):
                before = self._lag_s.get(item.camera, 0.0)
                self._lag_s[item.camera] = max(item.latency_ms / 1000, _FADING * before)

    def run(self, stop: threading.Event) -> None:
        """Body of the thread."""
        while not stop.wait(_EVERY_S):
            self.look()

    def look(self) -> None:
        """Look once at every camera and at the loop."""
        now = self._clock()
        with self.speaking:
            for feed in self._feeds():
                self._publish(self._missing(feed, now))
                self._forget_ended(feed.settings, now)
        stuck = self.stuck_s > 0
        if stuck and not self._stuck:
            logger.error("The reading loop hangs for %.0f s in one batch; restart the service.", self.stuck_s)
        self._stuck = stuck
        if self._notify is not None and not stuck and now - self._notified_s >= _NOTIFY_S:
            self._notified_s = now
            self._notify()

    def _forget_ended(self, settings: CameraSettings, now: float) -> None:
        """Forget the meters of a camera that nobody configured and that have not been read for long."""
        configured = {setup.meter for setup in settings.meters}
        since_s = now - max(_FORGOTTEN_S, 3 * settings.cadence_s)
        gone = self._board.expire(settings.camera, configured, since_s)
        for meter in gone:
            self._said.pop((settings.camera, meter), None)
        if gone:
            self._end(settings.camera, gone)

    def _missing(self, feed: CameraFeed, now: float) -> list[Item]:
        """Return the readings that a camera owes."""
        settings, state = feed.settings, feed.state
        if not (settings.address.is_stream or feed.gives_none):
            return []  # a recording waits for its reader, and has times of its own
        began = state.frame_s if state.frame_s is not None else state.since_s
        silent = now - began > settings.silent_after_s
        if state.frame_s is None:
            reason = Reason.NO_SIGNAL
            # the first attempt to connect may take its time; one that failed is known at once
            due = state.status.state is CameraState.OFFLINE or now - began > settings.connect_timeout_s
        else:
            reason = Reason.NO_SIGNAL if silent else Reason.STALE
            due = silent or settings.address.is_stream
        if not due:
            return []
        last = self._board.last(settings.camera)
        kinds = {setup.meter: setup.kind for setup in settings.meters}
        configured = frozenset(kinds)
        units = {setup.meter: setup.unit for setup in settings.meters}
        for (_, meter), seen in last.items():
            if meter not in kinds and seen.reading.reason is not Reason.NO_METER:
                kinds[meter] = seen.reading.kind
        out: list[Item] = []
        lag_s = min(2 * self._lag_s.get(settings.camera, 0.0), _LONGEST_S)
        patience = max(settings.silent_after_s, 3 * settings.cadence_s, lag_s)
        for meter, kind in kinds.items():
            key = settings.camera, meter
            known = last.get(key)
            if state.frame_s is not None:
                read_s = known.read_s if known is not None else state.since_s
                if now - read_s <= (settings.silent_after_s if silent else patience):
                    continue
            if now - self._said.get(key, float("-inf")) < max(1.0, settings.cadence_s):
                continue
            if meter not in configured and known is not None and now - known.read_s > patience + _VANISHED_S:
                continue  # nobody asked for it, and it is gone
            self._said[key] = now
            out.append(_owed(feed, meter, kind, units.get(meter), reason))
        return out


def _owed(feed: CameraFeed, meter: str, kind: MeterKind, unit: str | None, reason: Reason) -> Reading:
    return Reading(
        # by the camera's own clock, as far as it is known, so that its next frame comes after this
        captured_at=datetime.now(UTC) - timedelta(seconds=max(0.0, feed.state.lag_s)),
        camera=feed.settings.camera,
        meter=meter,
        kind=kind,
        value=None,
        unit=unit,
        raw=None,
        fraction=None,
        quality=Quality.BAD,
        reason=reason,
        confidence=0.0,
        frame=max(0, feed.state.index - 1),
        latency_ms=0.0,
    )
