"""The live service of a site: its cameras, networks, sinks and status page, put together."""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from meter_infer.annotate import Polyline
from meter_infer.app import ReaderOptions, address_of, meter_setups
from meter_infer.backends import Backend
from meter_infer.config import CameraConfig, MeterConfig, MqttConfig, Site, load_site
from meter_infer.errors import ConfigError, MeterInferError
from meter_infer.evidence import EvidenceSettings
from meter_infer.networks import load_networks, load_strips
from meter_infer.overlay import shapes_of
from meter_infer.pipeline import MeterReader, MeterSetup
from meter_infer.positions import PositionFile
from meter_infer.runtime.background import BackgroundBackend
from meter_infer.runtime.health import Health, health_of, present_metrics
from meter_infer.runtime.http import StatusServer
from meter_infer.runtime.keeper import Keeper
from meter_infer.runtime.live import Live, Parts
from meter_infer.runtime.loop import FrameReader
from meter_infer.runtime.metrics import Metrics
from meter_infer.runtime.notify import ServiceManager
from meter_infer.runtime.redact import Secrets
from meter_infer.runtime.settings import BatchLimits, CameraSettings, LiveSettings, MeterRules
from meter_infer.runtime.timing import Observe, TimedDetector, TimedSegmenter
from meter_infer.runtime.turn import NetworkTurn
from meter_infer.sinks.daily_csv import DailyCsvSettings, DailyCsvSink
from meter_infer.sinks.live import LiveSink
from meter_infer.sinks.mqtt import MqttSettings, MqttSink
from meter_infer.sinks.mqtt_link import BrokerSettings, TlsSettings
from meter_infer.sinks.outbox import OutboxSettings
from meter_infer.sources import Source, open_source, secrets_in
from meter_infer.types import Frame, Reading

logger = logging.getLogger(__name__)

_LEAST_LANES, _MOST_LANES = 4, 32
_SAVED_AFTER_S, _SAVED_EVERY_S = 60.0, 600.0
"""When positions are written for the first time, and how often after that; at the end in any case."""
_BACKLOG = 12
"""Frames of a camera that wait while the networks look at one of them."""


class LiveReader(FrameReader, Protocol):
    """What reads frames of the live service: the real one, or a test's."""

    @property
    def engine(self) -> str:
        """What it runs on, to be shown."""

    def seen(self, camera: str, meter: str) -> Sequence[Polyline]:
        """Return what the last look at a meter saw, to be drawn."""

    def close(self) -> None:
        """Let go of the networks."""


BuildReader = Callable[[ReaderOptions, float, Observe], LiveReader]
"""From options, the networks' cadence in seconds, and who is told how long they take."""
OpenFeed = Callable[[CameraSettings], Source]


class NetworkLiveReader:
    """A `MeterReader` that owns its networks. Raises ModelError and BackendError when it is made."""

    def __init__(self, options: ReaderOptions, cadence_s: float, observe: Observe) -> None:
        self._turn = NetworkTurn()
        self._positions = PositionFile(options.positions) if options.positions is not None else None
        self._save_s = time.monotonic() + _SAVED_AFTER_S
        with ExitStack() as stack:
            engine, wrap = options.engine, None
            if cadence_s > 0:
                # one core at most, and that only where decoding and reading leave it
                engine, wrap = replace(engine, threads=engine.threads or 1), self._in_background
            networks = load_networks(options.backend, engine, options.models, options.gpu_loss, wrap)
            stack.callback(networks.close)
            strips = stack.enter_context(load_strips(options.backend, engine, options.models))
            self._reader = MeterReader(
                TimedDetector(networks, observe),
                TimedSegmenter(networks, observe),
                cadence_s=cadence_s,
                turn=self._turn,
                deferring=True,
                positions=self._positions.load() if self._positions is not None else None,
                strips=strips,
            )
            stack.callback(self._reader.close)
            self.engine = networks.name
            self._close = stack.pop_all().close

    def _in_background(self, backend: Backend) -> Backend:
        return BackgroundBackend(backend, self._turn)

    def read(self, frames: Sequence[Frame]) -> list[Reading]:
        """Return the readings of all meters of all frames."""
        with self._turn.desk:
            return self._reader.read(frames)

    def verify(self, frame: Frame) -> list[Reading]:
        """Have the networks look at a frame that was read without them."""
        with self._turn.desk:
            readings = self._reader.verify(frame)
        if time.monotonic() >= self._save_s:
            self._save()
        return readings

    def _save(self) -> None:
        self._save_s = time.monotonic() + _SAVED_EVERY_S
        if self._positions is not None:
            self._positions.save(self._reader.positions)

    def configure(self, camera: str, meters: Sequence[MeterSetup]) -> None:
        """Replace a camera's meters."""
        self._reader.configure(camera, meters)

    def forget(self, camera: str) -> None:
        """Forget a camera and its meters."""
        self._reader.forget(camera)

    def seen(self, camera: str, meter: str) -> Sequence[Polyline]:
        """Return what the last look at a meter saw."""
        look = self._reader.shapes.get((camera, meter))
        return shapes_of(look) if look is not None else ()

    def close(self) -> None:
        """Let go of the networks."""
        self._save()
        self._close()


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """What the service is made of; a test passes its own."""

    reader: ReaderOptions = field(default_factory=ReaderOptions)
    build_reader: BuildReader = NetworkLiveReader
    open_feed: OpenFeed | None = None
    """Opens a camera; None: as its address says."""
    sinks: Sequence[LiveSink] = ()
    """Outputs beside those of the site file."""


class Service:
    """A site's live service. `start`, `reload` as often as one likes, `stop` once.

    Raises ConfigError when it is made, ModelError and BackendError when it is started; whatever happens to
    cameras and sinks after that is reported and mended, and ends nothing.
    """

    def __init__(self, site: Site, options: ServiceOptions, secrets: Secrets | None = None) -> None:
        self._site = site
        self.secrets = secrets or Secrets()
        self.secrets.add(secrets_of(site))
        self._manager = ServiceManager()
        self._options = options
        self._cadence_s = site.reading.cadence
        self._reader: LiveReader | None = None
        self._keeper = self._make_keeper(site)
        metrics = Metrics()
        sinks = [*make_sinks(site), *options.sinks]
        parts = Parts(options.open_feed or open_feed, sinks, self._keeper, self._manager.alive, metrics)
        self.live = Live(live_settings(site), parts)
        self._server = self._make_server(site, metrics)

    def _make_keeper(self, site: Site) -> Keeper | None:
        if site.evidence is None:
            return None
        config = site.evidence
        settings = EvidenceSettings(
            site.resolve(config.directory), config.max_files, int(config.max_mb * 1e6), config.every
        )
        return Keeper(settings, self._seen)

    def _seen(self, camera: str, meter: str) -> Sequence[Polyline]:
        return self._reader.seen(camera, meter) if self._reader is not None else ()

    def _make_server(self, site: Site, metrics: Metrics) -> StatusServer | None:
        metrics.watch(lambda: present_metrics(self.live))
        if site.http is None:
            return None
        host, _, port = site.http.listen.rpartition(":")
        return StatusServer(host.strip("[]"), int(port), metrics, self.health)

    def start(self) -> None:
        """Start everything; the cameras are called while the networks are loaded."""
        if self._keeper is not None:
            self._keeper.worker.start()
        if self._server is not None:
            self._server.start()
        self.live.connect()
        options = self._options
        reader = replace(options.reader, positions=self._site.resolve(self._site.reading.positions))
        try:
            self._reader = options.build_reader(reader, self._cadence_s, self.live.metrics.observe)
        except MeterInferError:
            self.stop()
            raise
        self.live.read(self._reader)
        cameras, meters = len(self._site.cameras), sum(len(c.meters) for c in self._site.cameras.values())
        logger.info("Watching %d cameras, %d meters, on %s.", cameras, meters, self._reader.engine)
        self._manager.ready()

    def reload(self) -> bool:
        """Read the site file again; False, and nothing is changed, where it has a mistake."""
        self._manager.reloading()
        try:
            site = load_site(self._site.path)
            self.secrets.add(secrets_of(site))
            settings = live_settings(site, self._cadence_s)
        except MeterInferError as error:
            logger.error("The configuration stays as it was: %s", error)
            return False
        finally:
            self._manager.ready()
        if _fixed(site) != _fixed(self._site):
            logger.warning(
                "Changes of sinks, http, evidence, reading.cadence and reading.positions take effect at the "
                "next start."
            )
        self.live.loop.limits = settings.batch
        self.live.apply(settings.cameras)
        self._site = site
        logger.info("The configuration was read again: %d cameras.", len(site.cameras))
        return True

    @property
    def engine(self) -> str:
        """What the networks run on; empty before `start`."""
        return self._reader.engine if self._reader is not None else ""

    def health(self) -> Health:
        """Return how the service is doing."""
        found = health_of(self.live)
        # what goes wrong is told in the words of libraries, which may repeat an address
        return replace(found, problems={k: self.secrets.hide(text) for k, text in found.problems.items()})

    def stop(self) -> list[str]:
        """Stop all, flush all, join all; return the names of threads that hang."""
        self._manager.stopping()
        hanging = self.live.stop()
        if self._keeper is not None:
            self._keeper.worker.stop()
            if not self._keeper.worker.join(0.3):
                hanging.append(self._keeper.worker.name)
        if self._server is not None:
            self._server.stop()
        if self._reader is not None and not any(name.startswith("reading") for name in hanging):
            self._reader.close()
        return hanging


def _fixed(site: Site) -> tuple[object, ...]:
    """What cannot change while the service runs."""
    return site.sinks, site.http, site.evidence, site.reading.cadence, site.reading.positions


def open_feed(settings: CameraSettings) -> Source:
    """Open a camera's stream, or a recording. Raises SourceError."""
    if settings.address.is_stream:
        from meter_infer.sources.stream import StreamSource  # FFmpeg takes a while to load

        timeouts = settings.connect_timeout_s, settings.read_timeout_s
        return StreamSource(
            settings.address, settings.camera, timeouts_s=timeouts, transport=settings.transport
        )
    return open_source(settings.address, settings.camera)


def live_settings(site: Site, cadence_s: float | None = None) -> LiveSettings:
    """Return what the runtime is told of a site.

    `cadence_s` is the networks' cadence that a running service was started with; None: the site's own.
    """
    reading = site.reading
    lanes, batch = 1, BatchLimits(reading.max_batch, reading.window, reading.staleness)
    if (reading.cadence if cadence_s is None else cadence_s) > 0:
        # Frames are mostly read without the networks: each camera by itself, so that a look of the networks
        # at one holds up no other, and what came meanwhile is read as well.
        lanes = min(_MOST_LANES, max(_LEAST_LANES, len(site.cameras)))
        batch = BatchLimits(1, 0.0, reading.staleness, _BACKLOG)
    return LiveSettings(
        cameras=tuple(camera_settings(site, name, config) for name, config in site.cameras.items()),
        batch=batch,
        lanes=lanes,
    )


def camera_settings(site: Site, name: str, config: CameraConfig) -> CameraSettings:
    """Return what the runtime is told of a camera."""
    cadence_s = site.reading.every if config.every is None else config.every
    return CameraSettings(
        camera=name,
        address=address_of(site, config),
        meters=meter_setups(name, config),
        rules={meter: _rules(each, cadence_s) for meter, each in config.meters.items()},
        transport=config.transport,
        frozen_after_s=config.frozen_after,
        cadence_s=cadence_s,
    )


def _rules(config: MeterConfig, cadence_s: float) -> MeterRules:
    return MeterRules(
        config.median,
        config.hysteresis,
        config.alarms.limits if config.alarms else None,
        pause_s=max(MeterRules().pause_s, 3 * cadence_s),
    )


def make_sinks(site: Site) -> list[LiveSink]:
    """Return the sinks of a site. Raises ConfigError and SinkError."""
    sinks: list[LiveSink] = []
    if site.sinks.csv is not None:
        csv = site.sinks.csv
        settings = DailyCsvSettings(site.resolve(csv.directory), csv.every, int((csv.max_mb or 0) * 1e6))
        sinks.append(DailyCsvSink(settings))
    if site.sinks.mqtt is not None:
        sinks.append(MqttSink(mqtt_settings(site, site.sinks.mqtt)))
    if site.sinks.sql is not None:
        from meter_infer.sinks.sql import SqlSettings, SqlSink  # SQLAlchemy is an extra

        sql = site.sinks.sql
        sinks.append(SqlSink(SqlSettings(sql.url.get_secret_value(), sql.every)))
    return sinks


def mqtt_settings(site: Site, config: MqttConfig) -> MqttSettings:
    """Return what the MQTT sink is told. Raises ConfigError where the password's file cannot be read."""
    tls: TlsSettings | None = None
    if config.tls is not None:
        paths = (config.tls.ca, config.tls.certificate, config.tls.key)
        tls = TlsSettings(*(path and site.resolve(path) for path in paths))
    broker = BrokerSettings(
        host=config.host,
        port=config.port,
        username=config.username,
        password=_mqtt_password(site, config),
        client_id=config.client_id or "",
        tls=tls,
    )
    outbox = OutboxSettings(
        site.resolve(config.outbox.path), config.outbox.max_messages, config.outbox.drop == "oldest"
    )
    return MqttSettings(
        broker,
        outbox,
        prefix=config.prefix,
        qos=config.qos,
        deadband=config.dead_band,
        max_interval_s=config.max_interval_s,
        discovery=config.discovery,
        discovery_prefix=config.discovery_prefix,
    )


def _mqtt_password(site: Site, config: MqttConfig) -> str | None:
    if config.password is not None:
        return config.password.get_secret_value()
    if config.password_file is None:
        return None
    path: Path = site.resolve(config.password_file)
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The password file {path} cannot be read; check its path and rights.") from error


def secrets_of(site: Site) -> set[str]:
    """Return the passwords of a site, in every spelling in which they could turn up."""
    found: set[str] = set()
    for config in site.cameras.values():
        if config.url.is_stream:
            found |= secrets_in(config.url.reveal())
    if site.sinks.mqtt is not None:
        found.add(_mqtt_password(site, site.sinks.mqtt) or "")
    if site.sinks.sql is not None:
        found |= secrets_in(site.sinks.sql.url.get_secret_value())
    return found - {""}
