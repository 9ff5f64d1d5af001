"""All threads together, with cameras and a reader from memory."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from meter_infer.alarms import AlarmLimits
from meter_infer.errors import SourceAuthError, SourceError
from meter_infer.events import AlarmEvent, AlarmLevel, CameraState, CameraStatus, Inventory, Item
from meter_infer.pipeline import MeterSetup
from meter_infer.runtime.board import Board
from meter_infer.runtime.feed import CameraFeed
from meter_infer.runtime.health import health_of, present_metrics
from meter_infer.runtime.intake import Intake
from meter_infer.runtime.live import Live, Parts
from meter_infer.runtime.metrics import Metrics
from meter_infer.runtime.settings import BatchLimits, CameraSettings, LiveSettings, MeterRules
from meter_infer.runtime.threads import Worker
from meter_infer.runtime.watchdog import Watchdog
from meter_infer.sources.address import Address
from meter_infer.sources.base import Source
from meter_infer.types import Frame, MeterKind, Quality, Reading, Reason
from tests.runtime.fakes import FakeReader, FakeSource, ListSink, reading, until

PASSWORD = "hunter2-secret"


def camera(name: str, *meters: str, **more: object) -> CameraSettings:
    setups = tuple(MeterSetup(name, meter, MeterKind.POINTER) for meter in meters or ("m",))
    base = {"cadence_s": 0.02, "silent_after_s": 10.0, "retry_limit_s": 0.1, "denied_retry_s": 0.1}
    address = Address(f"rtsp://user:{PASSWORD}@192.0.2.1/{name}")
    return CameraSettings(name, address, setups, **(base | more))  # type: ignore[arg-type]


SOON = {"silent_after_s": 0.3}
"""For tests of the watchdog; in others it would speak as well where a busy machine stands still so long."""
Opener = Callable[[CameraSettings], Source]


def fake_camera(settings: CameraSettings) -> Source:
    return FakeSource(settings.camera)


@contextmanager
def running(
    *cameras: CameraSettings,
    open_feed: Opener = fake_camera,
    sinks: tuple[ListSink, ...] = (),
    reader: FakeReader | None = None,
    **more: object,
) -> Iterator[tuple[Live, FakeReader]]:
    reader = reader or FakeReader()
    batch = BatchLimits(window_s=0.002)
    settings = LiveSettings(cameras, batch, **({"stop_within_s": 30.0} | more))  # type: ignore[arg-type]
    live = Live(settings, Parts(open_feed, sinks))
    live.start(reader)
    try:
        yield live, reader
    finally:
        assert live.stop() == []


def read_of(sink: ListSink, camera: str) -> list[int]:
    """The frames of a camera that were read; of others the watchdog may have spoken."""
    return [item.frame for item in sink.readings if item.camera == camera and item.reason is Reason.OK]


def test_every_camera_is_read_in_order_by_one_thread() -> None:
    sink = ListSink()
    with running(camera("a"), camera("b"), camera("c"), sinks=(sink,)) as (live, reader):
        until(lambda: all(len(read_of(sink, name)) > 10 for name in "abc"))
        assert health_of(live).to_dict() == {"status": "ok", "ready": True, "problems": {}}
    for name in "abc":
        frames = read_of(sink, name)
        assert frames == sorted(set(frames))
    assert reader.threads == {"reading"}
    assert sink.closed
    assert isinstance(sink.items[0], Inventory)


def test_a_dead_camera_costs_the_others_nothing_and_is_not_silent() -> None:
    sink = ListSink()

    def open_feed(settings: CameraSettings) -> Source:
        if settings.camera == "dead":
            raise SourceError("rtsp://***@192.0.2.1/dead cannot be opened: no route.")
        return fake_camera(settings)

    with running(camera("a"), camera("dead"), open_feed=open_feed, sinks=(sink,)) as (live, _):
        until(lambda: any(item.camera == "dead" for item in sink.readings) and len(read_of(sink, "a")) > 20)
        until(lambda: "no route" in health_of(live).problems["camera/dead"])
    silent = [item for item in sink.readings if item.camera == "dead"]
    assert {(item.quality, item.reason, item.value) for item in silent} == {
        (Quality.BAD, Reason.NO_SIGNAL, None)
    }


def test_a_camera_that_breaks_off_is_called_again_and_its_frames_are_counted_on() -> None:
    sink = ListSink()
    with running(
        camera("a"),
        open_feed=lambda settings: FakeSource(settings.camera, count=10),
        sinks=(sink,),
    ):
        until(lambda: sink.readings and sink.readings[-1].frame > 25)
    states = [item.state for item in sink.items if isinstance(item, CameraStatus)]
    assert states[:3] == [CameraState.ONLINE, CameraState.OFFLINE, CameraState.ONLINE]
    frames = read_of(sink, "a")
    assert frames == sorted(set(frames))


class Listener(Metrics):
    def on_status(self, status: CameraStatus) -> None:
        """Nobody wants to know."""


def test_a_camera_that_refuses_what_it_accepted_before_is_asked_again_soon_but_not_for_ever() -> None:
    calls: list[float] = []
    clock = iter(range(0, 100_000, 3))  # every look at it, three seconds have passed

    def open_feed(settings: CameraSettings) -> Source:
        calls.append(time.monotonic())
        if len(calls) > 1:
            raise SourceAuthError("It refused the password.")
        return FakeSource(settings.camera, count=5)

    settings = camera("a", retry_limit_s=0.02, denied_retry_s=30.0)
    intake = Intake(lambda *_: None)
    feed = CameraFeed(settings, open_feed, intake, Listener(), lambda: float(next(clock)))
    worker = Worker("camera-a", feed.run)
    worker.start()
    until(lambda: len(calls) == 4)
    worker.stop_event.wait(0.5)
    worker.stop()
    assert worker.join(30)
    assert len(calls) == 4


def test_a_slow_sink_stalls_nobody() -> None:
    slow, quick = ListSink("slow"), ListSink("quick")
    slow.hold.clear()
    with running(camera("a"), sinks=(slow, quick), queue_size=5) as (live, _):
        until(lambda: len(quick.readings) > 30)
        outlet = live.dispatcher.outlets[0]
        until(lambda: outlet.dropped > 5)
        assert not slow.items
        slow.hold.set()


def test_a_full_disk_is_reported_and_nothing_is_lost_when_it_has_room_again() -> None:
    sink, other = ListSink(), ListSink("other")
    with running(camera("a"), sinks=(sink, other)) as (live, _):
        until(lambda: sink.readings)
        sink.full = True
        until(lambda: "sink/list" in health_of(live).problems)
        assert "full" in health_of(live).problems["sink/list"]
        sink.full = False
        until(lambda: not health_of(live).problems)
    assert [r.frame for r in sink.readings] == [r.frame for r in other.readings]


@pytest.mark.allow_error_log
def test_a_frame_that_breaks_the_reading_costs_only_its_camera() -> None:
    sink = ListSink()
    with running(camera("a"), camera("bad", **SOON), sinks=(sink,)) as (live, reader):
        reader.broken = {"bad"}
        until(lambda: len(read_of(sink, "a")) > 20)
        until(lambda: any(r.camera == "bad" and r.reason is Reason.STALE for r in sink.readings))
        text = live.metrics.render().decode()
    assert 'meter_infer_frames_dropped_total{camera="bad",cause="error"}' in text


@pytest.mark.allow_error_log
def test_a_thread_that_dies_is_started_again_with_its_reason_counted() -> None:
    sink = ListSink()
    calls: list[int] = []

    def open_feed(settings: CameraSettings) -> Source:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("a defect")
        return fake_camera(settings)

    with running(camera("a"), open_feed=open_feed, sinks=(sink,)) as (live, _):
        until(lambda: any(r.reason is Reason.OK for r in sink.readings))
        assert 'thread_failures_total{thread="camera-a"} 1.0' in live.metrics.render().decode()


@pytest.mark.allow_error_log
def test_an_item_that_a_sink_cannot_stand_is_dropped_alone() -> None:
    sink = ListSink()
    with running(camera("a"), sinks=(sink,)) as (live, _):
        until(lambda: sink.readings)
        sink.hold.clear()
        outlet = live.dispatcher.outlets[0]

        def poisoned() -> bool:
            waiting = list(outlet._queue._newest)  # looked at once: the sink's thread may take them meanwhile
            sink.poison = waiting[2] if len(waiting) > 3 else None
            return sink.poison is not None

        until(poisoned)
        sink.hold.set()
        until(lambda: outlet.dropped == 1)
        until(lambda: len(sink.readings) > 15)
    assert sink.poison not in sink.items


def test_stop_is_quick_and_publishes_what_was_read() -> None:
    sink = ListSink()
    with running(camera("a"), sinks=(sink,), stop_within_s=60.0) as (live, _):
        until(lambda: len(sink.readings) > 3)
        began = time.monotonic()
        live.stop()
        assert time.monotonic() - began < 20  # who does not notice the end is waited for until 30 s are over
    assert live.dispatcher.outlets[0].depth == 0


def test_stop_does_not_wait_for_ever_for_a_camera_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meter_infer.runtime.live._FEEDS_S", 0.5)
    at_it, hang = threading.Event(), threading.Event()

    class Hanging(FakeSource):
        def __iter__(self) -> Iterator[Frame]:
            at_it.set()
            hang.wait(100)
            return iter(())

    live = Live(LiveSettings((camera("a"),), stop_within_s=60.0), Parts(lambda _: Hanging("a")))
    live.start(FakeReader())
    assert at_it.wait(60)
    began = time.monotonic()
    assert live.stop() == ["camera-a"]
    assert time.monotonic() - began < 30
    hang.set()


def test_a_frozen_picture_is_no_reading() -> None:
    sink = ListSink()

    class Frozen(FakeSource):
        def __iter__(self) -> Iterator[Frame]:
            first = None
            for item in super().__iter__():
                first = first or item
                yield first

    settings = camera("a", frozen_after_s=0.3)
    with running(settings, open_feed=lambda s: Frozen(s.camera), sinks=(sink,)) as (live, _):
        until(lambda: any(r.reason is Reason.STALE for r in sink.readings))
        until(lambda: "frozen" in health_of(live).problems.get("camera/a", ""))
    stale = next(r for r in sink.readings if r.reason is Reason.STALE)
    assert (stale.quality, stale.value, stale.raw, stale.fraction) == (Quality.BAD, None, None, None)


def test_alarms_are_published_after_the_reading_that_raised_them() -> None:
    sink = ListSink()
    rules = {"m": MeterRules(alarms=AlarmLimits(high_warn=10, high_critical=20))}

    class Rising(FakeReader):
        """Reads every value, however many frames were left out."""

        count = 0

        def read(self, frames: Sequence[Frame]) -> list[Reading]:
            self.count += 1
            return [replace(item, value=float(self.count)) for item in super().read(frames)]

    with running(camera("a", rules=rules), sinks=(sink,), reader=Rising()) as (live, _):
        until(lambda: len([item for item in sink.items if isinstance(item, AlarmEvent)]) == 3)
        events = [item for item in sink.items if isinstance(item, AlarmEvent)]
        until(lambda: live.board.alarms() == {("a", "m"): AlarmLevel.CRITICAL})  # the sinks hear of it first
        families = {family.name: family for family in present_metrics(live)}
    levels = [event.level for event in events]
    assert levels == [AlarmLevel.NONE, AlarmLevel.WARN, AlarmLevel.CRITICAL]
    place = sink.items.index(events[1])
    before = sink.items[place - 1]
    assert isinstance(before, Reading)
    assert before.captured_at == events[1].at
    assert families["meter_infer_alarm_level"].samples[0].value == 2


def test_no_password_in_metrics_health_or_repr() -> None:
    with running(camera("a"), open_feed=_refuse) as (live, _):
        until(lambda: "camera/a" in health_of(live).problems and live.board.last())
        text = live.metrics.render().decode() + str(health_of(live)) + repr(live.feeds()[0].settings)
        text += "".join(str(family) for family in present_metrics(live))
    assert PASSWORD not in text


def _refuse(settings: CameraSettings) -> Source:
    raise SourceError(f"{settings.address} cannot be opened.")


def test_a_reading_that_comes_after_the_watchdog_spoke_is_left_out() -> None:
    """A batch that hangs for longer than the patience: time does not run backwards for any meter."""
    sink = ListSink()
    with running(camera("a", **SOON), sinks=(sink,)) as (live, reader):
        until(lambda: len(sink.readings) > 3)
        reader.hold.clear()
        until(lambda: reader.held)
        at = reader.held[0].captured_at
        until(lambda: any(r.reason is Reason.STALE and r.captured_at > at for r in sink.readings))
        reader.hold.set()
        until(lambda: sink.readings[-1].reason is Reason.OK)
        assert live.dispatcher.late >= 1
    families = {family.name: family for family in present_metrics(live)}
    assert families["meter_infer_readings_late"].samples[0].value == live.dispatcher.late
    times = [r.captured_at for r in sink.readings]
    assert times == sorted(times)


def test_a_meter_that_nobody_configured_is_not_missed_for_ever() -> None:
    now = 100.0

    def clock() -> float:
        return now

    live = Live(LiveSettings((camera("a", **SOON),)), Parts(fake_camera))
    feed = CameraFeed(camera("a", **SOON), fake_camera, Intake(lambda *_: None), Listener(), clock)
    board, said = Board(clock), list[Item]()

    def publish(items: Sequence[Item]) -> None:
        said.extend(items)
        board.note(items, from_picture=False)

    watchdog = Watchdog(lambda: [feed], live.loop, board, publish, lambda *_: None, 60.0, clock=clock)
    board.note([reading("a", "auto-1")])
    for _ in range(400):  # 40 s
        now += 0.1
        feed.state.frame_s = now
        board.note([reading("a", "m")])
        watchdog.look()
    missed = [(item.meter, item.reason) for item in said if isinstance(item, Reading)]
    assert set(missed) == {("auto-1", Reason.STALE)}
    assert 5 <= len(missed) <= 12


def test_a_machine_that_is_too_slow_still_reads() -> None:
    """Each batch takes longer than the watchdog's patience; it learns that, and does not outrun them all."""
    sink = ListSink()
    pause = threading.Event()

    class Slow(FakeReader):
        def read(self, frames: Sequence[Frame]) -> list[Reading]:
            pause.wait(1.6)
            took_ms = 1000 * (time.monotonic() - frames[0].received_s)
            return [replace(item, latency_ms=took_ms) for item in super().read(frames)]

    with running(camera("a", **SOON), sinks=(sink,), reader=Slow()):
        until(lambda: len(read_of(sink, "a")) > 1)
        pause.set()
    times = [r.captured_at for r in sink.readings]
    assert times == sorted(times)


def test_a_recording_that_waits_for_a_slow_reader_is_not_silent() -> None:
    sink = ListSink()
    settings = replace(camera("a", **SOON), address=Address("/tmp/recording.mp4"))
    with running(settings, sinks=(sink,)) as (_, reader):
        until(lambda: sink.readings)
        reader.hold.clear()
        threading.Event().wait(0.8)
        reader.hold.set()
        count = len(sink.readings)
        until(lambda: len(sink.readings) > count + 3)
    assert {r.reason for r in sink.readings} == {Reason.OK}


@pytest.mark.allow_error_log
def test_a_camera_whose_thread_dies_again_and_again_is_not_well() -> None:
    class Breaks(FakeSource):
        def __iter__(self) -> Iterator[Frame]:
            yield next(super().__iter__())
            raise RuntimeError("a bug")

    with running(camera("a"), open_feed=lambda settings: Breaks(settings.camera)) as (live, _):
        until(lambda: "RuntimeError" in health_of(live).problems.get("camera/a", ""))
