"""From what was noted to the figures of a run."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from meter_infer.bench.clips import Clip
from meter_infer.bench.ledger import Published
from meter_infer.evaluation.scoring import CONFIDENT_WRONG_PCT


@dataclass(frozen=True, slots=True)
class Sample:
    """The state at one moment, while it runs."""

    at_s: float
    """Since the measurement began."""
    readings: int
    cpu_s: float
    server_cpu_s: float
    rss_mib: float
    waiting: int
    """Frames that were sent and not read yet."""


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Of times, milliseconds."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a run. Errors in % of span, shares 0 to 1; None where there is nothing to say."""

    streams: int
    meters: int
    fps: int
    seconds: float
    served: str
    """``rtsp`` or ``file``."""
    engine: str
    ready_s: float
    """From the start until all cameras were read and had settled."""
    frames_sent: int
    frames_decoded: int
    frames_read: int
    """Frames of which every meter got a reading."""
    waiting_at_end: int
    """Frames that were sent and not yet read when the time was up."""
    dropped: dict[str, int]
    """Decoded frames that were not read, by cause."""
    readings_per_s: float
    latency_ms: Quantiles | None
    """From a frame's arrival, decoded, to the publication of its readings."""
    behind_ms: Quantiles | None
    """The same against the time when the frame was due: what decoding held up is in it."""
    cores: float
    server_cores: float
    rss_mib: float
    """Resident memory at the end, this process."""
    mae: float | None
    """Mean error of the good readings."""
    p95_error: float | None
    coverage: float | None
    """Share of the readings that were due (frames sent, each meter) that came and were good."""
    confident_wrong: float | None
    """Share of the good readings off by more than 2 % of span."""
    by_meter: dict[str, dict[str, float | None]]
    """The same figures for each meter, as ``camera/meter``."""
    samples: tuple[Sample, ...]

    @property
    def read_share(self) -> float:
        """Share of the frames sent that got their readings."""
        return self.frames_read / self.frames_sent if self.frames_sent else 0.0

    def as_json(self) -> dict[str, Any]:
        """Return it as what JSON can hold."""
        return asdict(self) | {"read_share": round(self.read_share, 5)}


def make_report(
    owners: dict[str, Clip],
    fps: int,
    served: str,
    engine: str,
    ready_s: float,
    samples: Sequence[Sample],
    sent: dict[str, tuple[int, int]],
    waiting: int,
    drops: dict[str, int],
    decoded: dict[str, list[tuple[int, float]]],
    readings: Iterable[Published],
) -> Report:
    """Sum up a run; `sent` is each camera's range of frame numbers that were sent while it was measured."""
    wanted = {camera: set(clip.meters) for camera, clip in owners.items()}
    kept = [
        r
        for r in readings
        if sent[r.camera][0] <= r.number < sent[r.camera][1] and r.meter in wanted[r.camera]
    ]
    seen: dict[tuple[str, int], set[str]] = defaultdict(set)
    for each in kept:
        seen[each.camera, each.number].add(each.meter)
    due = {camera: _due(frames, fps) for camera, frames in decoded.items()}
    begin, end = samples[0], samples[-1]
    seconds = end.at_s - begin.at_s
    frames = {camera: last - first for camera, (first, last) in sent.items()}
    expected = sum(frames[camera] * len(wanted[camera]) for camera in frames)
    return Report(
        streams=len(owners),
        meters=sum(map(len, wanted.values())),
        fps=fps,
        seconds=round(seconds, 2),
        served=served,
        engine=engine,
        ready_s=round(ready_s, 1),
        frames_sent=sum(frames.values()),
        frames_decoded=sum(
            sent[camera][0] <= number < sent[camera][1]
            for camera, numbers in decoded.items()
            for number, _ in numbers
        ),
        frames_read=sum(meters >= wanted[camera] for (camera, _), meters in seen.items()),
        waiting_at_end=waiting,
        dropped={cause: count for cause, count in drops.items() if count},
        readings_per_s=round(len(kept) / seconds, 1),
        latency_ms=_quantiles([r.published_s - r.arrived_s for r in kept]),
        behind_ms=_quantiles([r.published_s - due[r.camera] - r.number / fps for r in kept]),
        cores=round((end.cpu_s - begin.cpu_s) / seconds, 3),
        server_cores=round((end.server_cpu_s - begin.server_cpu_s) / seconds, 3),
        rss_mib=round(end.rss_mib, 1),
        **_accuracy(kept, owners, expected),
        by_meter={
            f"{camera}/{meter}": _accuracy(
                [r for r in kept if (r.camera, r.meter) == (camera, meter)], owners, frames[camera]
            )
            for camera, meters in wanted.items()
            for meter in sorted(meters)
        },
        samples=tuple(samples),
    )


def _due(frames: Sequence[tuple[int, float]], fps: int) -> float:
    """Return when a camera's frame 0 was due: by the one that arrived soonest."""
    return min((at - number / fps for number, at in frames), default=0.0)


def _accuracy(readings: Sequence[Published], owners: dict[str, Clip], expected: int) -> dict[str, Any]:
    errors = []
    for each in readings:
        clip = owners[each.camera]
        meter = clip.meters.get(each.meter)
        if meter is not None and each.good and each.value is not None:
            low, high = meter.limits
            truth = float(meter.values[each.number % clip.frames])
            errors.append(abs(each.value - truth) / (high - low) * 100)
    none = not errors
    return {
        "mae": None if none else round(float(np.mean(errors)), 4),
        "p95_error": None if none else round(float(np.percentile(errors, 95)), 4),
        "coverage": round(len(errors) / expected, 4) if expected else None,
        "confident_wrong": None if none else round(float(np.mean(np.array(errors) > CONFIDENT_WRONG_PCT)), 5),
    }


def _quantiles(times_s: Sequence[float]) -> Quantiles | None:
    if not times_s:
        return None
    p50, p95, p99 = np.percentile(np.array(times_s) * 1000, (50, 95, 99))
    return Quantiles(round(float(p50), 1), round(float(p95), 1), round(float(p99), 1))
