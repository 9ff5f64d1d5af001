"""Counters, histograms and the present state, in Prometheus' own types and a registry of their own."""

from collections.abc import Callable, Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from meter_infer.events import CameraState
from meter_infer.runtime.intake import Drop
from meter_infer.types import Frame

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """What happened so far. Safe from any thread."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        camera = ["camera"]

        def counter(name: str, text: str, labels: list[str]) -> Counter:
            return Counter(f"meter_infer_{name}", text, labels, registry=self.registry)

        self._decoded = counter("frames_decoded", "Frames decoded.", camera)
        self._processed = counter("frames_processed", "Frames that were read.", camera)
        self._dropped = counter("frames_dropped", "Decoded frames that were not read.", [*camera, "cause"])
        self._reconnects = counter("reconnects", "Attempts to connect again.", camera)
        self._failures = counter("thread_failures", "Threads that died and were started again.", ["thread"])
        self._stages = Histogram(
            "meter_infer_stage_seconds",
            "Time in each stage: wait (arrival to batch), detect, segment, read (the whole batch).",
            ["stage"],
            registry=self.registry,
            buckets=_BUCKETS,
        )
        self._batch = Histogram(
            "meter_infer_batch_frames",
            "Frames in a batch.",
            registry=self.registry,
            buckets=(1, 2, 4, 8, 16, 32),
        )

    def on_decoded(self, camera: str) -> None:
        """Count a decoded frame."""
        self._decoded.labels(camera).inc()

    def on_reconnect(self, camera: str) -> None:
        """Count an attempt to connect after the first one."""
        self._reconnects.labels(camera).inc()

    def on_drop(self, camera: str, cause: Drop) -> None:
        """Count a frame that was not read."""
        self._dropped.labels(camera, cause.value).inc()

    def on_batch(self, frames: Sequence[Frame], waited_s: Sequence[float], took_s: float) -> None:
        """Count a batch: how long each frame waited, and how long the reading took."""
        for frame, waited in zip(frames, waited_s, strict=True):
            self._processed.labels(frame.camera).inc()
            self.observe("wait", waited)
        self.observe("read", took_s)
        self._batch.observe(len(frames))

    def on_failure(self, thread: str, _error: Exception) -> None:
        """Count a thread that died."""
        self._failures.labels(thread).inc()

    def observe(self, stage: str, seconds: float) -> None:
        """Note the time one stage took."""
        self._stages.labels(stage).observe(max(0.0, seconds))

    def forget(self, camera: str) -> None:
        """Take a removed camera's counters away."""
        for counter in (self._decoded, self._processed, self._reconnects):
            counter.remove_by_labels({"camera": camera})
        self._dropped.remove_by_labels({"camera": camera})

    def watch(self, collect: Callable[[], Iterable[Metric]]) -> None:
        """Add what is looked up at each request."""
        self.registry.register(_Live(collect))

    def render(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)


class _Live(Collector):
    def __init__(self, collect: Callable[[], Iterable[Metric]]) -> None:
        self._collect = collect

    def collect(self) -> Iterable[Metric]:
        return self._collect()

    def describe(self) -> Iterable[Metric]:
        return []


def gauge(name: str, text: str, labels: Sequence[str], rows: Iterable[tuple[Sequence[str], float]]) -> Metric:
    """Return a family of gauges from (label values, value)."""
    family = GaugeMetricFamily(f"meter_infer_{name}", text, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family


def total(name: str, text: str, labels: Sequence[str], rows: Iterable[tuple[Sequence[str], float]]) -> Metric:
    """Return a family of counters from (label values, count)."""
    family = CounterMetricFamily(f"meter_infer_{name}", text, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family


def camera_states(states: Iterable[tuple[str, CameraState]]) -> Metric:
    """Return one gauge a camera and state, 1 for the present one."""
    rows = [
        ((camera, state.value), float(state is present))
        for camera, present in states
        for state in CameraState
    ]
    return gauge("camera_state", "1 for the state a camera is in.", ("camera", "state"), rows)
