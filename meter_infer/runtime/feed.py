"""One camera's thread: call it, decode it, hand its frames on, and call again when it breaks off."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from meter_infer.errors import SourceAuthError, SourceError
from meter_infer.events import CameraState, CameraStatus
from meter_infer.runtime.backoff import Backoff
from meter_infer.runtime.intake import Intake
from meter_infer.runtime.settings import CameraSettings
from meter_infer.runtime.watch import PictureWatch
from meter_infer.sources.base import Source

logger = logging.getLogger(__name__)

_HEALTHY_S = 5.0
_TRUST = 2
"""Refusals in a row that are taken for a camera's moods, where it accepted the password before."""


class FeedListener(Protocol):
    """Who is told what a camera does; called from the camera's thread."""

    def on_status(self, status: CameraStatus) -> None:
        """Take a change of state."""

    def on_decoded(self, camera: str) -> None:
        """Count a decoded frame."""

    def on_reconnect(self, camera: str) -> None:
        """Count an attempt to connect after the first one."""


@dataclass(slots=True)
class FeedState:
    """What other threads may read of a feed; each field is replaced as a whole."""

    status: CameraStatus
    since_s: float
    """When the state began, monotonic."""
    frame_s: float | None = None
    """Arrival of the last frame, monotonic; None before the first."""
    index: int = 0
    """Frames decoded; the next one's index."""
    lag_s: float = 0.0
    """How far the last frame's capture time lay before its arrival."""


class CameraFeed:
    """Keeps one camera connected and its slot in the intake filled.

    Frames are counted on across a reconnect, so that an index names one frame of the camera.
    """

    def __init__(
        self,
        settings: CameraSettings,
        open_feed: Callable[[CameraSettings], Source],
        intake: Intake,
        listener: FeedListener,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self._open = open_feed
        self._intake = intake
        self._listener = listener
        self._clock = clock
        self._backoff = Backoff(first_s=0.5, limit_s=settings.retry_limit_s)
        self._trust = 0
        starting = CameraStatus(datetime.now(UTC), settings.camera, CameraState.CONNECTING, "")
        self.state = FeedState(starting, clock())

    @property
    def gives_none(self) -> bool:
        """Whether no frame of a recording is to come: it ended and was all read, or cannot be opened."""
        state = self.state.status.state
        ended = state is CameraState.ENDED and self._intake.is_idle(self.settings.camera)
        return ended or state is CameraState.OFFLINE

    def run(self, stop: threading.Event) -> None:
        """Body of the camera's thread."""
        attempt = 0
        while not stop.is_set():
            if attempt:
                self._listener.on_reconnect(self.settings.camera)
            attempt += 1
            pause_s = 0.0
            reason: str | None
            try:
                reason = self._deliver(stop)
            except SourceAuthError as error:
                # a camera that has just started may refuse what it accepted before
                self._trust -= 1
                reason = str(error)
                pause_s = self.settings.denied_retry_s if self._trust < 0 else 0.0
            except SourceError as error:
                reason = str(error)
            except Exception as error:
                self._enter(CameraState.OFFLINE, f"Its pictures cannot be taken ({type(error).__name__}).")
                raise
            if stop.is_set() or reason is None:
                return
            self._enter(CameraState.OFFLINE, reason)
            stop.wait(max(pause_s, self._backoff.delay()))

    def _deliver(self, stop: threading.Event) -> str | None:
        """Hand on frames until the source ends; return why it did, or None where it is over for good."""
        settings = self.settings
        live = settings.address.is_stream
        watch = PictureWatch(
            settings.frozen_after_s if live else 0.0, settings.black_after_s if live else 0.0
        )
        began = self._clock()
        source = self._open(settings)
        with source:
            for frame in source:
                if stop.is_set():
                    return None
                now = self._clock()
                if now - began > _HEALTHY_S:
                    self._backoff.reset()
                    self._trust = _TRUST
                self.state.frame_s = now
                self.state.lag_s = (datetime.now(UTC) - frame.captured_at).total_seconds() if live else 0.0
                self._listener.on_decoded(settings.camera)
                self._judge(watch.look(frame.luma, now))
                index = self.state.index
                # Before the frame is handed in: whoever counts on after this thread must not count it again.
                self.state.index += 1
                self._intake.offer(replace(frame, index=index), stop)
        if live:
            return source.problem or "The stream ended."
        self._enter(CameraState.ENDED, source.problem or "The recording was read to its end.")
        return None

    def _judge(self, seen: CameraState) -> None:
        reasons = {
            CameraState.ONLINE: "",
            CameraState.FROZEN: f"Frozen for {self.settings.frozen_after_s:g} s; restart the camera.",
            CameraState.BLACK: "The picture has one brightness; check light, lens cap and camera.",
        }
        self._enter(seen, reasons[seen])

    def _enter(self, state: CameraState, reason: str) -> None:
        before = self.state.status
        if before.state is state and (not reason or before.reason == reason):
            return
        status = CameraStatus(datetime.now(UTC), self.settings.camera, state, reason)
        if before.state is not state:
            self.state.since_s = self._clock()
        self.state.status = status
        level = logging.INFO if status.available else logging.WARNING
        told = f" {reason}" if reason else ""
        logger.log(level, "Camera %s is %s.%s", self.settings.camera, state.value, told)
        self._listener.on_status(status)
