"""A recording in the place of a camera, and what is said of it after its end."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from meter_infer.errors import SourceError
from meter_infer.pipeline import MeterSetup
from meter_infer.runtime.health import health_of, present_metrics
from meter_infer.runtime.live import Live, Parts
from meter_infer.runtime.settings import BatchLimits, CameraSettings, LiveSettings
from meter_infer.sources.address import Address
from meter_infer.sources.base import Source
from meter_infer.types import MeterKind, Quality, Reason
from tests.runtime.fakes import FakeReader, FakeSource, ListSink, until

SILENT_S = 0.4
OVER = "All cameras are recordings that have ended"


def recording(name: str, address: str = "/tmp/recording.mp4") -> CameraSettings:
    setups = (MeterSetup(name, "m", MeterKind.POINTER),)
    return CameraSettings(name, Address(address), setups, silent_after_s=SILENT_S, retry_limit_s=0.1)


def five_frames(settings: CameraSettings) -> Source:
    return FakeSource(settings.camera, count=5)


@contextmanager
def running(
    cameras: Sequence[CameraSettings],
    sink: ListSink,
    open_feed: Callable[[CameraSettings], Source] = five_frames,
    reader: FakeReader | None = None,
) -> Iterator[Live]:
    settings = LiveSettings(tuple(cameras), BatchLimits(window_s=0.002), stop_within_s=30.0)
    live = Live(settings, Parts(open_feed, (sink,)))
    live.start(reader or FakeReader())
    try:
        yield live
    finally:
        assert live.stop() == []


def shown(live: Live) -> dict[str, list[float]]:
    return {
        family.name.removeprefix("meter_infer_"): [sample.value for sample in family.samples]
        for family in present_metrics(live)
    }


def test_after_its_end_nothing_shows_the_last_value_once_more() -> None:
    sink = ListSink()
    with running([recording("a")], sink) as live:
        until(lambda: any(r.reason is Reason.NO_SIGNAL for r in sink.readings))
        until(lambda: shown(live)["quality"] == [0.0])
        metrics = shown(live)
        for name in ("value", "value_min", "value_max", "value_stddev", "fraction"):
            assert metrics[name] == [], name
        assert metrics["camera_up"] == [0.0]
        health = health_of(live)
        assert (health.alive, health.ready) == (True, True)
        assert health.problems == {"camera/a": "ended: The recording was read to its end."}
        until(lambda: len([r for r in sink.readings if r.reason is Reason.NO_SIGNAL]) > 1)
    assert [r.reason for r in sink.readings[:5]] == [Reason.OK] * 5
    missed = sink.readings[5:]
    assert {(r.value, r.raw, r.quality, r.reason) for r in missed} == {
        (None, None, Quality.BAD, Reason.NO_SIGNAL)
    }


def test_it_has_not_ended_while_its_last_frames_wait() -> None:
    sink, reader = ListSink(), FakeReader()
    reader.hold.clear()
    with running([recording("a")], sink, lambda s: FakeSource(s.camera, count=2), reader) as live:
        until(lambda: live.feeds()[0].state.status.state.value == "ended")
        reader.hold.wait(2.5 * SILENT_S)
        assert not sink.readings
        reader.hold.set()
        until(lambda: len(sink.readings) > 2)
        assert live.dispatcher.late == 0
    assert [r.reason for r in sink.readings[:3]] == [Reason.OK, Reason.OK, Reason.NO_SIGNAL]


def test_one_that_cannot_be_opened_is_not_silent() -> None:
    sink = ListSink()

    def gone(settings: CameraSettings) -> Source:
        raise SourceError("recording.mp4 does not exist.")

    with running([recording("a")], sink, gone) as live:
        until(lambda: sink.readings)
        assert "does not exist" in health_of(live).problems["camera/a"]
    assert {r.reason for r in sink.readings} == {Reason.NO_SIGNAL}


def test_that_all_have_ended_is_said_once_and_the_service_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with running([recording("a"), recording("b")], ListSink()) as live:
        until(lambda: OVER in caplog.text)
        live.apply([recording("a"), recording("b"), recording("c")])
        until(lambda: caplog.text.count(OVER) == 2)
        assert health_of(live).alive
    assert caplog.text.count(OVER) == 2


def test_beside_a_camera_the_service_does_not_call_it_a_day(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    sink = ListSink()
    cameras = [recording("a"), recording("b", "rtsp://192.0.2.1/b")]
    with running(cameras, sink):
        until(lambda: any(r.reason is Reason.NO_SIGNAL and r.camera == "a" for r in sink.readings))
    assert OVER not in caplog.text
