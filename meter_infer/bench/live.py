"""The benchmark itself: the real service on rendered cameras, watched from inside."""

import os
import resource
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from meter_infer.app import ReaderOptions
from meter_infer.bench.clips import Clip, repeat
from meter_infer.bench.ledger import Ledger, LedgerSink, NotedSource
from meter_infer.bench.report import Report, Sample, make_report
from meter_infer.bench.serving import Cameras, play
from meter_infer.config import load_site
from meter_infer.errors import SourceError
from meter_infer.runtime.settings import CameraSettings
from meter_infer.service import BuildReader, NetworkLiveReader, Service, ServiceOptions, open_feed
from meter_infer.sources.base import Source

_LOOK_S = 0.5
_SETTLE_S = 3.0
_WARM_LIMIT_S = 30.0
_DRAIN_S = 0.6
"""Time that the last frames get after the end; what takes longer counts as not read."""
_SPARE_S = 20.0


@dataclass(frozen=True, slots=True)
class Run:
    """What to measure."""

    streams: int
    fps: int
    seconds: float
    cadence_s: float = 1.0
    reader: ReaderOptions = field(default_factory=ReaderOptions)
    build_reader: BuildReader = NetworkLiveReader


def measure(run: Run, clips: list[Clip], progress: Callable[[str, float], None]) -> Report:
    """Serve clips as cameras, read them with the service for a while, and sum up.

    `progress` is told what goes on and which share of it is done. The cameras share the clips where
    those are fewer. Raises SourceError where the cameras cannot be served, ModelError and BackendError
    where the networks cannot be loaded.
    """
    owners = {f"cam{number + 1}": clips[number % len(clips)] for number in range(run.streams)}
    with tempfile.TemporaryDirectory(prefix="meter-infer-bench-") as name:
        folder = Path(name)
        length_s = _WARM_LIMIT_S + run.seconds + _SPARE_S
        files: dict[Path, Path] = {}
        for number, clip in enumerate(clips[: run.streams]):
            files[clip.path] = folder / f"clip{number}.mp4"
            repeat(clip.path, files[clip.path], length_s)
        cameras = play({camera: files[clip.path] for camera, clip in owners.items()})
        try:
            return _serve(run, owners, cameras, folder, progress)
        finally:
            cameras.close()


def _serve(
    run: Run, owners: dict[str, Clip], cameras: Cameras, folder: Path, progress: Callable[[str, float], None]
) -> Report:
    ledger = Ledger({camera: clip.frames for camera, clip in owners.items()})

    def opened(settings: CameraSettings) -> Source:
        source = cameras.open_feed(settings) or open_feed(settings)
        return NotedSource(source, ledger)

    options = ServiceOptions(run.reader, run.build_reader, opened, (LedgerSink(ledger),))
    service = Service(load_site(_write_site(run, owners, cameras, folder)), options)
    began = time.monotonic()
    try:
        progress("loading the networks", 0.0)
        service.start()
        _warm_up(owners, ledger, began, progress)
        first_s = time.monotonic() - began
        samples, sent, waiting, drops = _watch(run, service, ledger, cameras, progress)
        decoded, readings = ledger.decoded(), list(ledger.readings())
        engine = service.engine
    finally:
        service.stop()
    return make_report(
        owners, run.fps, cameras.kind, engine, first_s, samples, sent, waiting, drops, decoded, readings
    )


def _write_site(run: Run, owners: dict[str, Clip], cameras: Cameras, folder: Path) -> Path:
    content: dict[str, Any] = {
        "cameras": {
            camera: {
                "url": cameras.url(camera),
                "meters": {name: meter.config for name, meter in clip.meters.items()},
            }
            for camera, clip in owners.items()
        },
        "reading": {"every": "frame", "cadence": run.cadence_s},
        "sinks": {"csv": {"directory": str(folder / "readings"), "every": "frame"}},
    }
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path


def _warm_up(
    owners: dict[str, Clip], ledger: Ledger, began: float, progress: Callable[[str, float], None]
) -> None:
    """Wait until every camera gave readings, and a little longer."""
    pause = threading.Event()
    ready: float | None = None
    while ready is None or time.monotonic() - ready < _SETTLE_S:
        waited = time.monotonic() - began
        if ready is None and waited > _WARM_LIMIT_S:
            silent = [camera for camera, last in ledger.last_numbers().items() if last < 0]
            raise SourceError(
                f"No reading came from {', '.join(silent)} within {_WARM_LIMIT_S:g} s; ask for fewer streams."
            )
        if ready is None and min(ledger.last_numbers().values()) >= 0:
            ready = time.monotonic()
        progress(f"warming up {len(owners)} cameras", min(waited / (_SETTLE_S + 5), 0.99))
        pause.wait(_LOOK_S)


def _watch(
    run: Run, service: Service, ledger: Ledger, cameras: Cameras, progress: Callable[[str, float], None]
) -> tuple[list[Sample], dict[str, tuple[int, int]], int, dict[str, int]]:
    """Watch for as long as was asked for.

    Returns samples, each camera's range of frame numbers sent meanwhile, how many of all frames waited at
    the end, and the drops by cause.
    """
    pause = threading.Event()
    first, drops = cameras.sent(), _drops(service)
    began = time.monotonic()
    samples = [_sample(0.0, ledger, cameras, first)]
    while (elapsed := time.monotonic() - began) < run.seconds:
        progress("measuring", elapsed / run.seconds)
        pause.wait(min(_LOOK_S, run.seconds - elapsed))
        samples.append(_sample(time.monotonic() - began, ledger, cameras, cameras.sent()))
    last = cameras.sent()
    waiting = _waiting(ledger, last)
    after = _drops(service)
    pause.wait(_DRAIN_S)
    dropped = {cause: count - drops.get(cause, 0) for cause, count in sorted(after.items())}
    return samples, {c: (first[c], last[c]) for c in last}, waiting, dropped


def _waiting(ledger: Ledger, sent: dict[str, int]) -> int:
    last = ledger.last_numbers()
    return sum(max(0, sent[camera] - 1 - last[camera]) for camera in sent)


def _sample(at_s: float, ledger: Ledger, cameras: Cameras, sent: dict[str, int]) -> Sample:
    own = resource.getrusage(resource.RUSAGE_SELF)
    return Sample(
        at_s,
        ledger.count(),
        own.ru_utime + own.ru_stime,
        _cpu_s(cameras.process),
        _rss_mib(),
        _waiting(ledger, sent),
    )


def _drops(service: Service) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for family in service.live.metrics.registry.collect():
        if family.name == "meter_infer_frames_dropped":
            for sample in family.samples:
                if sample.name.endswith("_total"):
                    counts[sample.labels["cause"]] += int(sample.value)
    return dict(counts)


def _cpu_s(process: int | None) -> float:
    """Return the processor time of another process, seconds; 0 where there is none."""
    if process is None:
        return 0.0
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
