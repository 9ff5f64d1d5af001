"""The live service's threads, put together: cameras -> intake -> reading loop -> dispatcher -> sinks."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from meter_infer.events import CameraState, CameraStatus, Inventory, Item, MeterInfo
from meter_infer.runtime.board import Board
from meter_infer.runtime.dispatch import Dispatcher, Outlet
from meter_infer.runtime.feed import CameraFeed
from meter_infer.runtime.intake import Intake
from meter_infer.runtime.judge import Judge
from meter_infer.runtime.loop import FrameReader, ReadingLoop
from meter_infer.runtime.metrics import Metrics
from meter_infer.runtime.settings import CameraSettings, LiveSettings
from meter_infer.runtime.threads import DECODING, Worker, stop_all
from meter_infer.runtime.watchdog import Watchdog
from meter_infer.sinks.live import LiveSink
from meter_infer.sources.base import Source
from meter_infer.types import Frame, Reading

logger = logging.getLogger(__name__)

_FEEDS_S = 1.0

Keep = Callable[[Sequence[Frame], Sequence[Item]], None]


@dataclass(slots=True)
class _Camera:
    feed: CameraFeed
    worker: Worker


@dataclass(frozen=True, slots=True)
class Parts:
    """What the live service is given ready-made."""

    open_feed: Callable[[CameraSettings], Source]
    """Opens a camera; raises SourceError."""
    sinks: Sequence[LiveSink] = ()
    keep: Keep | None = None
    """Sees frames and what is published of them; must be quick."""
    notify: Callable[[], None] | None = None
    """Called while all is well, for the service manager's watchdog."""
    metrics: Metrics = field(default_factory=Metrics)


class Live:
    """Owns every thread of the service. `start` once, `apply` at will, `stop` once.

    Args:
        settings: cameras, batches and bounds.
        parts: sinks, and how cameras are opened.
    """

    def __init__(self, settings: LiveSettings, parts: Parts) -> None:
        self._settings = settings
        self._parts = parts
        self.metrics = parts.metrics
        self.board = Board()
        self._intake = Intake(self.metrics.on_drop, backlog=settings.batch.backlog)
        outlets = [Outlet(sink, settings.queue_size) for sink in parts.sinks]
        self.dispatcher = Dispatcher(outlets)
        self._judge = Judge(self._is_frozen, parts.keep)
        self.loop = ReadingLoop(self._intake, settings.batch, self._judge, self._publish, self.metrics)
        self.watchdog = Watchdog(
            self.feeds,
            self.loop,
            self.board,
            self._publish_owed,
            self._end,
            settings.stuck_after_s,
            parts.notify,
        )
        names = ["reading"] if settings.lanes == 1 else [f"reading-{n + 1}" for n in range(settings.lanes)]
        self._reading = [Worker(name, self.loop.run, self.metrics.on_failure) for name in names]
        self._watching = Worker("watchdog", self.watchdog.run, self.metrics.on_failure)
        self._cameras: dict[str, _Camera] = {}
        self._retired: list[Worker] = []
        self._all_ended = False
        self._lock = threading.Lock()

    def connect(self) -> None:
        """Start the sinks and call the cameras; returns at once."""
        self.dispatcher.start()
        self.apply(self._settings.cameras)

    def read(self, reader: FrameReader) -> None:
        """Start reading; `reader` is used as `FrameReader` says."""
        self.loop.use(reader)
        for worker in self._reading:
            worker.start()
        self._watching.start()

    def start(self, reader: FrameReader) -> None:
        """Start all threads; returns at once."""
        self.connect()
        self.read(reader)

    def stop(self) -> list[str]:
        """Stop all, flush all, join all within `stop_within_s`; return the names of threads that hang."""
        deadline = time.monotonic() + self._settings.stop_within_s
        with self._lock:
            feeds = [camera.worker for camera in self._cameras.values()] + self._retired
        for worker in [*feeds, *self._reading, self._watching]:
            worker.stop()
        # what is being read now is still published, if it comes before the sinks need their time
        share = time.monotonic() + 0.5 * self._settings.stop_within_s
        hanging = stop_all([*self._reading, self._watching], share)
        hanging += self.dispatcher.stop(deadline - 0.2)
        # a camera that hangs inside FFmpeg has nothing to deliver any more
        return hanging + stop_all(feeds, min(deadline, time.monotonic() + _FEEDS_S))

    def feeds(self) -> list[CameraFeed]:
        """Return the cameras' feeds."""
        with self._lock:
            return [camera.feed for camera in self._cameras.values()]

    @property
    def intake_depth(self) -> int:
        """Frames that wait for the networks."""
        return self._intake.depth

    def workers(self) -> list[Worker]:
        """Return all threads that should run."""
        with self._lock:
            cameras = [camera.worker for camera in self._cameras.values()]
        sinks = [outlet.worker for outlet in self.dispatcher.outlets]
        return [*cameras, *self._reading, self._watching, *sinks]

    def apply(self, cameras: Sequence[CameraSettings]) -> None:
        """Add, change and remove cameras; those that stay as they are notice nothing."""
        wanted = {settings.camera: settings for settings in cameras}
        with self._lock:
            present = {name: camera.feed.settings for name, camera in self._cameras.items()}
        if present == wanted and present:
            return
        for name in present.keys() - wanted.keys():
            self._remove(name)
        new: list[Worker] = []
        for name, settings in wanted.items():
            if name not in present:
                new.append(self._add(settings, 0))
            elif present[name] != settings:
                new += self._change(present[name], settings)
        if self._reading[0].started:
            # behind the last batch that was read by the old configuration: it may show what is gone now
            self.loop.call(lambda _: self._tell(cameras))
        else:
            self._tell(cameras)
        for worker in new:  # what it says of its camera comes after what the sinks were told of it
            worker.start()

    def _add(self, settings: CameraSettings, index: int) -> Worker:
        feed = CameraFeed(settings, self._parts.open_feed, self._intake, _Listener(self))
        feed.state.index = index
        body = partial(self._follow, feed)
        worker = Worker(f"camera-{settings.camera}", body, self.metrics.on_failure, steps=DECODING)
        self._intake.add(settings.camera, settings.cadence_s, live=settings.address.is_stream)
        self._configure(settings)
        with self._lock:
            self._cameras[settings.camera] = _Camera(feed, worker)
            self._all_ended = False
        return worker

    def _follow(self, feed: CameraFeed, stop: threading.Event) -> None:
        """Body of a camera's thread."""
        try:
            feed.run(stop)
        finally:
            with self._lock:
                if feed.settings.camera not in self._cameras:
                    # removed, and its counters with it; it may have counted a last frame since
                    self.metrics.forget(feed.settings.camera)

    def _remove(self, name: str) -> None:
        self._retire(name)
        self._intake.remove(name)
        self.loop.call(lambda reader: reader.forget(name))
        self.loop.call(lambda _: self._judge.configure(name, {}))
        self.loop.call(lambda _: self._forget(name))
        self.loop.call(lambda _: self.metrics.forget(name))
        self.loop.call(lambda _: self.dispatcher.forget(name))
        status = CameraStatus(datetime.now(UTC), name, CameraState.OFFLINE, "Removed from the configuration.")
        self.dispatcher.publish([status])
        logger.info("Camera %s was removed.", name)

    def _change(self, before: CameraSettings, settings: CameraSettings) -> list[Worker]:
        """Change a camera; return its new thread, where it needs one."""
        new: list[Worker] = []
        name = settings.camera
        like_before = replace(settings, meters=before.meters, rules=before.rules, cadence_s=before.cadence_s)
        if like_before == before:
            self._intake.add(name, settings.cadence_s, live=settings.address.is_stream)
            self._cameras[name].feed.settings = settings
            self._configure(settings)
        else:
            index = self._retire(name)
            self._intake.remove(name)  # what waits shows what the old address saw
            if settings.address != before.address:
                self.loop.call(lambda _: self._judge.configure(name, {}, ()))
                self.loop.call(lambda _: self.dispatcher.forget(name))  # a recording has times of its own
            new.append(self._add(settings, index))
        logger.info("Camera %s was changed.", name)
        return new

    def _retire(self, name: str) -> int:
        """Stop a camera's thread without waiting for it; return its next frame's index."""
        with self._lock:
            camera = self._cameras.pop(name)
            self._retired = [worker for worker in self._retired if worker.alive] + [camera.worker]
        camera.worker.stop()
        return camera.feed.state.index

    def _configure(self, settings: CameraSettings) -> None:
        name, meters, rules = settings.camera, settings.meters, settings.rules
        self.loop.call(lambda reader: reader.configure(name, meters))
        self.loop.call(lambda _: self._judge.configure(name, rules, meters))
        self.loop.call(lambda _: self._forget(name, [s.meter for s in meters], settings.alarmed))

    def _forget(self, name: str, keep: Iterable[str] = (), alarmed: Iterable[str] = ()) -> None:
        with self.watchdog.speaking:  # it may be about to speak for what is taken away here
            self.board.forget(name, keep, alarmed)

    def _is_frozen(self, name: str) -> bool:
        camera = self._cameras.get(name)
        return camera is not None and camera.feed.state.status.state is CameraState.FROZEN

    def _tell(self, cameras: Iterable[CameraSettings]) -> None:
        """Tell the sinks of all cameras and meters, with those that nobody configured."""
        seen = [last.reading for last in self.board.last().values()]
        self.board.note(self.dispatcher.publish([inventory(cameras, seen)]))

    def _end(self, camera: str, meters: Sequence[str]) -> None:
        """Take note that meters which nobody configured have ended."""
        self.dispatcher.forget(camera, meters)
        self._tell([feed.settings for feed in self.feeds()])
        logger.info("No longer seen by camera %s, and forgotten: %s.", camera, ", ".join(meters))

    def _publish(self, items: Sequence[Item]) -> None:
        self.watchdog.learn(items)
        self.board.note(self.dispatcher.publish(items))

    def _publish_owed(self, items: Sequence[Item]) -> None:
        self.board.note(self.dispatcher.publish(items), from_picture=False)

    def on_status(self, status: CameraStatus) -> None:
        """Publish a camera's change of state; one that was removed meanwhile has none."""
        with self._lock:
            known = status.camera in self._cameras
            states = {camera.feed.state.status.state for camera in self._cameras.values()}
            before, self._all_ended = self._all_ended, states == {CameraState.ENDED}
            ended = self._all_ended and not before
        if known:
            self.dispatcher.publish([status])
        if ended:
            logger.info("All cameras are recordings that have ended; the service waits to be told to stop.")


class _Listener:
    """What a camera's thread tells, passed on."""

    def __init__(self, live: Live) -> None:
        self.on_status = live.on_status
        self.on_decoded = live.metrics.on_decoded
        self.on_reconnect = live.metrics.on_reconnect


def inventory(cameras: Iterable[CameraSettings], seen: Iterable[Reading] = ()) -> Inventory:
    """Return what the sinks want to know of all cameras and meters.

    `seen` are the last readings: some may be of meters that nobody configured.
    """
    cameras = tuple(cameras)
    meters = [
        MeterInfo(
            settings.camera,
            setup.meter,
            setup.kind,
            setup.unit,
            _ends(setup.calibration.value(0.0), setup.calibration.value(1.0)) if setup.calibration else None,
            settings.cadence_s,
            setup.meter in settings.alarmed,
            (settings.address, setup),
        )
        for settings in cameras
        for setup in settings.meters
    ]
    configured = {(info.camera, info.meter) for info in meters}
    cadences = {settings.camera: settings.cadence_s for settings in cameras}
    meters += [
        MeterInfo(each.camera, each.meter, each.kind, each.unit, None, cadences[each.camera])
        for each in seen
        if each.camera in cadences and (each.camera, each.meter) not in configured
    ]
    return Inventory(datetime.now(UTC), tuple(cadences), tuple(meters))


def _ends(first: float, last: float) -> tuple[float, float]:
    return min(first, last), max(first, last)
