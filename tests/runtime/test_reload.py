"""A site file that is read again while the service runs."""

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from meter_infer.alarms import AlarmLimits
from meter_infer.errors import SourceError
from meter_infer.events import Inventory, Item
from meter_infer.runtime.live import Live, Parts
from meter_infer.runtime.settings import BatchLimits, CameraSettings, LiveSettings, MeterRules
from meter_infer.sources.address import Address
from meter_infer.sources.base import Source
from meter_infer.types import Frame, Quality, Reading, Reason
from tests.runtime.fakes import FakeReader, FakeSource, ListSink, until
from tests.runtime.test_live import SOON, camera, fake_camera, read_of, running


def test_reload_adds_changes_and_removes_without_touching_the_rest() -> None:
    sink = ListSink()
    opened: list[str] = []

    def open_feed(settings: CameraSettings) -> Source:
        opened.append(settings.camera)
        return fake_camera(settings)

    with running(camera("a"), camera("b"), open_feed=open_feed, sinks=(sink,)) as (live, reader):
        until(lambda: {r.camera for r in sink.readings} == {"a", "b"})
        live.apply([camera("a", "m", "second"), camera("c")])
        until(lambda: {(r.camera, r.meter) for r in sink.readings} >= {("a", "second"), ("c", "m")})
        until(lambda: set(reader.meters) == {"a", "c"})
        assert sorted(opened) == ["a", "b", "c"], "the camera that stayed was not called again"
        until(lambda: len([r for r in sink.readings if r.camera == "c"]) > 10)
        until(lambda: "camera-b" not in [thread.name for thread in threading.enumerate()])
        assert "camera-c" in [thread.name for thread in threading.enumerate()]
        assert 'camera="b"' not in live.metrics.render().decode()
    frames = [r.frame for r in sink.readings if (r.camera, r.meter, r.reason) == ("a", "m", Reason.OK)]
    assert frames == sorted(set(frames))
    inventories = [item for item in sink.items if isinstance(item, Inventory)]
    assert [item.cameras for item in inventories] == [("a", "b"), ("a", "c")]
    behind = sink.items[sink.items.index(inventories[1]) :]
    assert not any(item.camera == "b" for item in behind if isinstance(item, Reading))


def test_a_changed_address_calls_again_and_counts_on() -> None:
    sink = ListSink()
    with running(camera("a"), sinks=(sink,)) as (live, _):
        until(lambda: len(sink.readings) > 5)
        live.apply([camera("a", transport="udp")])
        last = sink.readings[-1].frame
        until(lambda: sink.readings[-1].frame > last + 5)
    frames = read_of(sink, "a")
    assert frames == sorted(set(frames))


def test_an_alarm_that_left_the_configuration_is_forgotten() -> None:
    sink = ListSink()
    rules = {"m": MeterRules(alarms=AlarmLimits(high_warn=10))}
    with running(camera("a", rules=rules), sinks=(sink,)) as (live, _):
        until(lambda: live.board.alarms())
        live.apply([camera("a")])
        until(lambda: not live.board.alarms())
        until(lambda: len([item for item in sink.items if isinstance(item, Inventory)]) == 2)
    before, after = (item.meters[0].alarms for item in sink.items if isinstance(item, Inventory))
    assert (before, after) == (True, False)


def test_the_spread_of_a_meter_with_another_unit_begins_anew() -> None:
    """Ten seconds of the old values would be told as the lowest and highest of the new ones."""

    class Steady(FakeReader):
        def read(self, frames: Sequence[Frame]) -> list[Reading]:
            unit = self.meters["a"][0].unit
            raw = 5.0 if unit == "bar" else 80.0
            return [replace(item, raw=raw, unit=unit) for item in super().read(frames)]

    first = camera("a")
    first = replace(first, meters=(replace(first.meters[0], unit="bar"),))
    live = Live(LiveSettings((first,), BatchLimits(window_s=0.002)), Parts(fake_camera, (ListSink(),)))
    live.start(Steady())
    try:
        until(lambda: live.board.spreads())
        assert {spread.highest for spread in live.board.spreads().values()} == {5.0}
        live.apply([replace(first, meters=(replace(first.meters[0], unit="psi"),))])
        until(lambda: {spread.highest for spread in live.board.spreads().values()} == {80.0})
        assert {spread.lowest for spread in live.board.spreads().values()} == {80.0}
    finally:
        assert live.stop() == []


def test_what_the_sinks_hear_last_of_a_removed_meter_is_that_it_is_gone() -> None:
    """The batch in work by the old configuration comes before the new inventory."""
    sink = ListSink()
    with running(camera("a", "m", "gone"), sinks=(sink,)) as (live, reader):
        until(lambda: sink.readings)
        reader.hold.clear()
        until(lambda: reader.held)
        live.apply([camera("a", "m")])
        reader.hold.set()
        until(lambda: len([item for item in sink.items if isinstance(item, Inventory)]) == 2)
        count = len(sink.readings)
        until(lambda: len(sink.readings) > count + 5)
    last = max(index for index, item in enumerate(sink.items) if isinstance(item, Inventory))
    assert any(item.meter == "gone" for item in sink.items[:last] if isinstance(item, Reading))
    assert not any(item.meter == "gone" for item in sink.items[last:] if isinstance(item, Reading))


def _tell(done: threading.Event, _: object) -> None:
    done.set()


def test_a_reload_leaves_every_reading_thread_at_work() -> None:
    class Slow(FakeReader):
        def read(self, frames: Sequence[Frame]) -> list[Reading]:
            time.sleep(0.01)
            return super().read(frames)

    reader = Slow()
    cameras = [camera(name, cadence_s=0.0) for name in "abcd"]
    live = Live(
        LiveSettings(tuple(cameras), BatchLimits(1, 0.0, 2.0, 12), lanes=4, stop_within_s=30.0),
        Parts(lambda settings: FakeSource(settings.camera, 0.02), (ListSink(),)),
    )
    live.start(reader)
    try:
        for turn in range(4):
            cameras[0] = replace(cameras[0], cadence_s=0.05 * (turn + 1))
            live.apply(cameras)
            done = threading.Event()
            live.loop.call(partial(_tell, done))
            assert done.wait(60)
            reader.threads.clear()
            until(lambda: len(reader.threads) == 4)
    finally:
        assert live.stop() == []


def test_nothing_seen_at_an_old_address_is_read_as_the_new_one() -> None:
    """What waited would come out under the new camera's name and unit."""
    sink = ListSink()
    silent = threading.Event()

    def open_feed(settings: CameraSettings) -> Source:
        if settings.address.reveal().endswith("/other"):
            silent.wait(60)
            raise SourceError("It does not answer; check its address and power.")
        return FakeSource(settings.camera, 0.002)

    first = camera("a", cadence_s=0.0)
    with running(first, open_feed=open_feed, sinks=(sink,)) as (live, reader):
        until(lambda: len(sink.readings) > 5)
        reader.hold.clear()
        until(lambda: reader.held and live.intake_depth)
        other = replace(
            first,
            address=Address("rtsp://192.0.2.1/other"),
            meters=(replace(first.meters[0], unit="degC"),),
        )
        live.apply([other])
        reader.hold.set()
        for _ in range(3):  # what waited would be read in the first of these steps of the loop
            done = threading.Event()
            live.loop.call(partial(_tell, done))
            assert done.wait(60)
        silent.set()
    told = max(index for index, item in enumerate(sink.items) if isinstance(item, Inventory))
    after = [item for item in sink.items[told:] if isinstance(item, Reading)]
    assert not any(item.quality is Quality.GOOD for item in after)


def test_a_thread_that_is_stopped_hands_in_nothing_more() -> None:
    """It may be at its last frame while its camera is called at another address, and counted on."""
    sink = ListSink()
    at_it, go_on = threading.Event(), threading.Event()

    with running(camera("a", cadence_s=0.0), sinks=(sink,)) as (live, _):
        until(lambda: sink.readings)
        old, offer = live.feeds()[0], live._intake.offer
        seen: list[tuple[int, int]] = []

        def late(frame: Frame, stop: threading.Event) -> None:
            if not at_it.is_set():
                at_it.set()
                go_on.wait(60)
                seen.append((frame.index, old.state.index))
            offer(frame, stop)

        live._intake.offer = late  # type: ignore[method-assign]
        until(at_it.is_set)
        live.apply([camera("a", cadence_s=0.0, transport="udp")])
        go_on.set()
        until(lambda: seen and sink.readings[-1].frame > seen[0][0] + 5)
    ((index, counted),) = seen
    assert index < counted
    frames = read_of(sink, "a")
    assert frames == sorted(set(frames))
    assert index not in frames


def test_a_last_frame_leaves_no_counter_of_a_camera_that_was_removed() -> None:
    at_it, go_on = threading.Event(), threading.Event()
    with running(camera("a"), camera("b")) as (live, _):
        offer = live._intake.offer

        def late(frame: Frame, stop: threading.Event) -> None:
            if frame.camera == "b":
                at_it.set()
                go_on.wait(60)
            offer(frame, stop)

        live._intake.offer = late  # type: ignore[method-assign]
        until(at_it.is_set)
        live.apply([camera("a")])
        until(lambda: 'camera="b"' not in live.metrics.render().decode())
        go_on.set()
        until(lambda: "camera-b" not in [thread.name for thread in threading.enumerate()])
        assert 'camera="b"' not in live.metrics.render().decode()


def test_the_watchdog_speaks_for_nothing_that_was_taken_away() -> None:
    """It may have looked at the meter before, and be held up until after."""
    sink = ListSink()
    about_to, go_on, end = threading.Event(), threading.Event(), threading.Event()

    class Quiet(FakeSource):
        def __iter__(self) -> Iterator[Frame]:
            yield from super().__iter__()
            end.wait(60)

    def inventories() -> int:
        return len([item for item in sink.items if isinstance(item, Inventory)])

    settings = camera("a", "m", "gone", **SOON)
    with running(settings, open_feed=lambda _: Quiet("a", count=3), sinks=(sink,)) as (live, _):
        publish = live.watchdog._publish

        def held_up(items: Sequence[Item]) -> None:
            if items and not about_to.is_set():
                about_to.set()
                go_on.wait(60)
            publish(items)

        live.watchdog._publish = held_up
        until(about_to.is_set)
        live.apply([camera("a", "m", **SOON)])
        with contextlib.suppress(AssertionError):  # it comes now only where nobody waits for the watchdog
            until(lambda: inventories() == 2, 0.5)
        go_on.set()
        until(lambda: inventories() == 2)
        assert ("a", "gone") not in live.board.last()
        end.set()
    told = max(index for index, item in enumerate(sink.items) if isinstance(item, Inventory))
    assert any(item.meter == "gone" for item in sink.items[:told] if isinstance(item, Reading))
    assert not any(item.meter == "gone" for item in sink.items[told:] if isinstance(item, Reading))
