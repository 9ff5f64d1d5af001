"""Meters that nobody configured, in the live service: how long they are known."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from meter_infer.events import Inventory
from meter_infer.runtime.board import Board
from meter_infer.runtime.health import present_metrics
from meter_infer.runtime.live import Live, Parts, inventory
from meter_infer.runtime.settings import BatchLimits, CameraSettings, LiveSettings
from meter_infer.types import Frame, Reading
from tests.runtime.fakes import FakeReader, ListSink, reading, until
from tests.runtime.test_live import camera, fake_camera


class Finding(FakeReader):
    """Sees a meter that nobody configured, too, until it is `gone`."""

    gone = False

    def read(self, frames: Sequence[Frame]) -> list[Reading]:
        found = super().read(frames)
        return found if self.gone else [*found, *(replace(item, meter="auto-1") for item in found)]


@contextmanager
def running(reader: FakeReader, sink: ListSink, *cameras: CameraSettings) -> Iterator[Live]:
    live = Live(LiveSettings(cameras, BatchLimits(window_s=0.002)), Parts(fake_camera, (sink,)))
    live.start(reader)
    try:
        yield live
    finally:
        assert live.stop() == []


def told(sink: ListSink) -> list[set[tuple[str, str]]]:
    """Return the meters of each inventory."""
    inventories = [item for item in sink.items if isinstance(item, Inventory)]
    return [{(info.camera, info.meter) for info in item.meters} for item in inventories]


def in_metrics(live: Live, meter: str) -> bool:
    return any(
        sample.labels.get("meter") == meter for family in present_metrics(live) for sample in family.samples
    )


def test_one_that_has_ended_leaves_board_metrics_and_sinks(monkeypatch: pytest.MonkeyPatch) -> None:
    sink, reader = ListSink(), Finding()
    with running(reader, sink, camera("a")) as live:
        until(lambda: ("a", "auto-1") in live.board.last())
        assert in_metrics(live, "auto-1")
        reader.gone = True
        count = len(sink.readings)
        until(lambda: len({r.frame for r in sink.readings[count:]}) > 2)  # what was being read is out by then
        monkeypatch.setattr("meter_infer.runtime.watchdog._FORGOTTEN_S", 0.3)
        until(lambda: ("a", "auto-1") not in live.board.last())
        assert not in_metrics(live, "auto-1")
        assert in_metrics(live, "m")
        until(lambda: len(told(sink)) > 1)
        assert told(sink)[-1] == {("a", "m")}
        assert ("a", "auto-1") not in live.dispatcher._newest
        assert ("a", "auto-1") not in live.watchdog._said


def test_one_that_was_read_lately_is_remembered() -> None:
    now = [0.0]
    board = Board(lambda: now[0])
    board.note([reading("a", "m"), reading("a", "auto-1"), reading("b", "auto-1")])
    now[0] = 100.0
    board.note([reading("a", "auto-2")])
    board.note([reading("a", "auto-1")], from_picture=False)  # somebody says that it is missing
    assert board.expire("a", {"m"}, 50.0) == ["auto-1"]
    assert set(board.last()) == {("a", "m"), ("a", "auto-2"), ("b", "auto-1")}
    assert {key[:2] for key in board.counts()} == set(board.last())
    assert board.expire("a", {"m"}, 50.0) == []


def test_a_reload_takes_none_back_that_is_in_view() -> None:
    """The broker forgets what is not in the inventory."""
    sink = ListSink()
    with running(Finding(), sink, camera("a"), camera("b")) as live:
        until(lambda: {("a", "auto-1"), ("b", "auto-1")} <= set(live.board.last()))
        live.apply([camera("a", "m", "second"), camera("b")])
        until(lambda: len(told(sink)) == 2)
    first, second = told(sink)
    assert first == {("a", "m"), ("b", "m")}
    # that of the camera that changed may be found again by then, or not yet
    assert second - {("a", "auto-1")} == {("a", "m"), ("a", "second"), ("b", "m"), ("b", "auto-1")}


def test_an_inventory_names_what_was_seen_of_its_cameras() -> None:
    seen = [reading("a", "m"), reading("a", "auto-1"), reading("gone", "auto-1")]
    found = inventory([camera("a", cadence_s=5.0)], seen)
    assert found.cameras == ("a",)
    assert [(info.meter, info.cadence_s, info.alarms) for info in found.meters] == [
        ("m", 5.0, False),
        ("auto-1", 5.0, False),
    ]
