"""The composition root: from configuration and options to a source, a reader and its outputs."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from meter_infer.annotate import annotate
from meter_infer.backends import BackendOptions
from meter_infer.calibration import PicturePoints
from meter_infer.config import CameraConfig, Site
from meter_infer.errors import ConfigError
from meter_infer.networks import FASTEST, GpuLoss, load_networks, load_strips
from meter_infer.overlay import clicked_shapes, shapes_of
from meter_infer.pipeline import MeterReader, MeterSetup
from meter_infer.reading.look import Look
from meter_infer.sinks.base import Sink
from meter_infer.sinks.pictures import PictureFile, PictureFolder, PictureSink, VideoFile
from meter_infer.sources import Address, Source
from meter_infer.sources.folder import FolderSource
from meter_infer.sources.picture import PictureSource
from meter_infer.types import Frame, Reading, Reason
from meter_infer.vision.color import frame_bgr

DEFAULT_CADENCE_S = 1.0
NOT_IN_PICTURE = frozenset({Reason.NO_METER, Reason.NO_SIGNAL})
"""What the last look saw of such a meter was in another picture, and is not drawn on this one."""


class Reader(Protocol):
    """What reads frames: the real one, or a test's."""

    @property
    def engine(self) -> str:
        """What it runs on, to be shown."""

    def read(self, frames: Sequence[Frame]) -> list[Reading]:
        """Return the readings of the frames."""

    def seen(self, camera: str, meter: str) -> Look | None:
        """Return what the last look at a meter saw, for drawing; None without one."""

    def clicked(self, camera: str, meter: str) -> PicturePoints:
        """Return the points in the picture that a meter is calibrated by, for drawing."""

    def close(self) -> None:
        """Let go of the networks."""


@dataclass(frozen=True, slots=True)
class ReaderOptions:
    """How to read, as far as no configuration file says it."""

    backend: str = "auto"
    """Inference engine: `auto` (the best one for CPUs) or one of `backends.BACKENDS`."""
    models: Path | None = None
    """Folder of other models than those that ship with the package."""
    cadence_s: float = 0.0
    """Time between two passes of the networks, as in `MeterReader`; 0: at every frame."""
    engine: BackendOptions = FASTEST
    """How the engine runs."""
    gpu_loss: GpuLoss = "cpu"
    """What happens when the GPU falls away."""
    positions: Path | None = None
    """File that tells the live service where meters calibrated by points stood when it ran last."""


BuildReader = Callable[[Sequence[MeterSetup], ReaderOptions], Reader]


class NetworkReader:
    """A `MeterReader` that owns its networks. Raises ModelError and BackendError when it is made."""

    def __init__(self, meters: Sequence[MeterSetup], options: ReaderOptions) -> None:
        with ExitStack() as stack:
            networks = load_networks(options.backend, options.engine, options.models, options.gpu_loss)
            stack.callback(networks.close)
            strips = stack.enter_context(load_strips(options.backend, options.engine, options.models))
            self._reader = MeterReader(networks, networks, meters, cadence_s=options.cadence_s, strips=strips)
            stack.callback(self._reader.close)
            self._clicked = {(item.camera, item.meter): item.calibration_points or () for item in meters}
            self.engine = networks.name
            self._close = stack.pop_all().close

    def read(self, frames: Sequence[Frame]) -> list[Reading]:
        """Return the readings of the frames."""
        return self._reader.read(frames)

    def seen(self, camera: str, meter: str) -> Look | None:
        """Return what the last look at a meter saw."""
        return self._reader.shapes.get((camera, meter))

    def clicked(self, camera: str, meter: str) -> PicturePoints:
        """Return the points in the picture that a meter is calibrated by."""
        return self._clicked.get((camera, meter), ())

    def close(self) -> None:
        """Let go of the networks."""
        self._close()


@dataclass(frozen=True, slots=True)
class Job:
    """What to read, and as which camera."""

    address: Address
    camera: str | None
    """Id in the site file; None without one."""
    meters: tuple[MeterSetup, ...]


def plan_job(site: Site | None, source: str | None, camera: str | None) -> Job:
    """Say which of a site's cameras `source` is, or what to read where only a site is given.

    The camera is the one called `camera`, else the one whose url is `source`, else the only one. Raises
    ConfigError.
    """
    if site is None:
        if source is None:
            raise ConfigError("Nothing to read: give a picture, a folder, a video or a URL, or a --config.")
        if camera is not None:
            raise ConfigError("--camera names a camera of a site file; give that with --config.")
        return Job(Address(source), None, ())
    name = _camera_of(site, source, camera)
    own = address_of(site, site.cameras[name])
    return Job(Address(source) if source is not None else own, name, meter_setups(name, site.cameras[name]))


def meter_setups(camera: str, config: CameraConfig) -> tuple[MeterSetup, ...]:
    """Return a camera's meters as the pipeline wants them."""
    return tuple(
        MeterSetup(
            camera=camera,
            meter=name,
            kind=meter.kind,
            box=meter.place,
            calibration=meter.scale,
            calibration_points=meter.pixel_points,
            unit=meter.unit,
            max_rate=meter.max_rate,
        )
        for name, meter in config.meters.items()
    )


def _camera_of(site: Site, source: str | None, camera: str | None) -> str:
    known = ", ".join(site.cameras)
    if camera is not None:
        if camera not in site.cameras:
            raise ConfigError(f"The site file {site.path} has no camera '{camera}'; it has {known}.")
        return camera
    if source is not None:
        wanted = _located(Address(source))
        for name, config in site.cameras.items():
            if _located(address_of(site, config)) == wanted:
                return name
    if len(site.cameras) > 1:
        raise ConfigError(
            f"The site file {site.path} has several cameras; give --camera with one of {known}."
        )
    return next(iter(site.cameras))


def address_of(site: Site, config: CameraConfig) -> Address:
    """A camera's url; a relative path starts from the site file's folder."""
    return config.url if config.url.is_stream else Address(str(site.resolve(config.url.path)))


def _located(address: Address) -> Address | Path:
    return address if address.is_stream else address.path.resolve()


def cadence_of(source: Source, wanted_s: float | None) -> float:
    """Return the cadence for a source: what is wanted, else a second for a camera that stands still.

    The pictures of a folder need not follow one another: each of them is looked at.
    """
    if isinstance(source, PictureSource | FolderSource):
        return 0.0
    return DEFAULT_CADENCE_S if wanted_s is None else wanted_s


def picture_sink(source: Source, path: Path) -> PictureSink:
    """Return the output for annotated frames that fits the source: a picture, a folder, else a video."""
    if isinstance(source, PictureSource):
        return PictureFile(path)
    if isinstance(source, FolderSource):
        return PictureFolder(path, [item.name for item in source.paths])
    return VideoFile(path, source.fps)


def read_source(
    source: Source, reader: Reader, sinks: Sequence[Sink] = (), pictures: PictureSink | None = None
) -> Iterator[tuple[Frame, list[Reading]]]:
    """Read each frame of a source and hand its readings to the sinks; yield them as well."""
    for frame in source:
        readings = reader.read([frame])
        for sink in sinks:
            sink.write(readings)
        if pictures is not None:
            shapes = [
                shape
                for reading in readings
                if reading.reason not in NOT_IN_PICTURE
                and (seen := reader.seen(reading.camera, reading.meter)) is not None
                for shape in shapes_of(seen)
            ]
            # also where the meter was not found, perhaps for being elsewhere
            shapes += [
                shape
                for reading in readings
                for shape in clicked_shapes(reader.clicked(reading.camera, reading.meter))
            ]
            pictures.write(annotate(frame_bgr(frame), readings, shapes), frame.captured_at, frame.index)
        yield frame, readings
