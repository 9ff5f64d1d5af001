"""Who is unwell: for /healthz, /readyz and the metrics that show the present state."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prometheus_client.core import Metric

from meter_infer.events import CameraState
from meter_infer.plausibility import SPREAD_S, Spread
from meter_infer.runtime.live import Live
from meter_infer.runtime.metrics import camera_states, gauge, total
from meter_infer.types import Quality

_SPREADS: tuple[tuple[str, str, Callable[[Spread], float]], ...] = (
    ("min", "Lowest", lambda spread: spread.lowest),
    ("max", "Highest", lambda spread: spread.highest),
    ("stddev", "Standard deviation", lambda spread: spread.deviation),
)
_RANK = {Quality.BAD: 0.0, Quality.UNCERTAIN: 1.0, Quality.GOOD: 2.0}


@dataclass(frozen=True, slots=True)
class Health:
    """How the service is doing."""

    alive: bool
    """False where only a new start helps: a thread is gone, or the inference engine hangs."""
    ready: bool
    """Every camera has shown a picture or said why not, and the sinks run."""
    problems: dict[str, str]
    """By ``camera/<id>``, ``sink/<name>``, ``thread/<name>``, ``reading``: one sentence each."""

    def to_dict(self) -> dict[str, object]:
        """Return plain data for JSON."""
        status = "ok" if not self.problems else "degraded" if self.alive else "failed"
        return {"status": status, "ready": self.ready, "problems": self.problems}


def health_of(live: Live) -> Health:
    """Return the health of the service."""
    problems: dict[str, str] = {}
    ready = True
    for feed in live.feeds():
        status = feed.state.status
        if status.state is CameraState.CONNECTING:
            ready = False
            problems[f"camera/{status.camera}"] = "It has not answered yet."
        elif not status.available:
            problems[f"camera/{status.camera}"] = f"{status.state.value}: {status.reason}"
    for outlet in live.dispatcher.outlets:
        if outlet.problem:
            problems[f"sink/{outlet.sink.name}"] = outlet.problem
    workers = [worker for worker in live.workers() if not worker.name.startswith("camera-")]
    gone = [worker.name for worker in workers if worker.started and not worker.alive]
    ready &= all(worker.started for worker in workers)
    problems.update({f"thread/{name}": "It does not run." for name in gone})
    stuck_s = live.watchdog.stuck_s
    if stuck_s:
        problems["reading"] = f"One batch has taken {stuck_s:.0f} s so far; the inference engine hangs."
    elif live.loop.failing:
        problems["reading"] = f"{live.loop.failing} batches in a row failed: {live.loop.last_failure}"
    return Health(alive=not gone and not stuck_s, ready=ready and not gone, problems=problems)


def present_metrics(live: Live) -> Iterable[Metric]:
    """Yield the metrics that are looked up at each request."""
    now = time.monotonic()
    feeds = live.feeds()
    states = [(feed.settings.camera, feed.state.status.state) for feed in feeds]
    online = CameraState.ONLINE
    yield camera_states(states)
    yield gauge(
        "camera_up",
        "1 where the camera delivers pictures that change.",
        ("camera",),
        [((camera,), float(state is online)) for camera, state in states],
    )
    yield gauge(
        "camera_frame_age_seconds",
        "Time since the last frame.",
        ("camera",),
        [
            ((feed.settings.camera,), now - feed.state.frame_s)
            for feed in feeds
            if feed.state.frame_s is not None
        ],
    )
    yield from _meter_metrics(live, now)
    yield from _sink_metrics(live)


def _meter_metrics(live: Live, now: float) -> Iterable[Metric]:
    last = live.board.last()
    labels = ("camera", "meter")
    yield gauge(
        "value",
        "Last accepted value, in the unit of the label; absent where there is none.",
        (*labels, "unit"),
        [
            ((*key, seen.reading.unit or ""), seen.reading.value)
            for key, seen in last.items()
            if seen.reading.value is not None
        ],
    )
    for name, text, pick in _SPREADS:
        yield gauge(
            f"value_{name}",
            f"{text} of the good values of the last {SPREAD_S:g} seconds.",
            labels,
            [(key, pick(spread)) for key, spread in live.board.spreads().items()],
        )
    yield gauge(
        "fraction",
        "Last position on the scale, 0 to 1; absent where there is none.",
        labels,
        [(key, seen.reading.fraction) for key, seen in last.items() if seen.reading.fraction is not None],
    )
    yield gauge(
        "quality",
        "Quality of the last reading: 2 good, 1 uncertain, 0 bad.",
        labels,
        [(key, _RANK[seen.reading.quality]) for key, seen in last.items()],
    )
    yield gauge(
        "reading_age_seconds",
        "Time since the last reading that was made from a picture.",
        labels,
        [(key, now - seen.read_s) for key, seen in last.items()],
    )
    yield total(
        "readings",
        "Readings published.",
        (*labels, "quality", "reason"),
        [((c, m, q.value, r.value), float(count)) for (c, m, q, r), count in live.board.counts().items()],
    )
    yield gauge(
        "alarm_level",
        "0 none, 1 warn, 2 critical.",
        labels,
        [(key, float(level)) for key, level in live.board.alarms().items()],
    )


def _sink_metrics(live: Live) -> Iterable[Metric]:
    outlets = live.dispatcher.outlets
    sink = ("sink",)
    late = float(live.dispatcher.late)
    yield total("readings_late", "Readings dropped because they came too late.", (), [((), late)])
    yield gauge("queue_depth", "Items that wait.", ("queue",), [(("intake",), float(live.intake_depth))])
    rows = [((outlet.sink.name,), outlet) for outlet in outlets]
    yield gauge("sink_queue", "Items that wait for the sink.", sink, [(n, float(o.depth)) for n, o in rows])
    yield gauge(
        "sink_backlog", "Items taken but not delivered.", sink, [(n, float(o.sink.backlog)) for n, o in rows]
    )
    yield gauge("sink_up", "1 where the sink works.", sink, [(n, float(not o.problem)) for n, o in rows])
    yield total("sink_items", "Items the sink took.", sink, [(n, float(o.written)) for n, o in rows])
    yield total("sink_dropped", "Items that were lost.", sink, [(n, float(o.dropped)) for n, o in rows])
