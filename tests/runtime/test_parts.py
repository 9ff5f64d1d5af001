"""The small parts of the runtime: clock, watch, judge, redaction, notification, back-off."""

import logging
import random
import socket
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from meter_infer.alarms import AlarmLimits
from meter_infer.events import AlarmEvent, AlarmLevel, CameraState
from meter_infer.pipeline import MeterSetup
from meter_infer.runtime.backoff import Backoff
from meter_infer.runtime.dispatch import Outlet
from meter_infer.runtime.judge import Judge
from meter_infer.runtime.notify import ServiceManager
from meter_infer.runtime.redact import RedactingFormatter, Secrets
from meter_infer.runtime.settings import MeterRules
from meter_infer.runtime.watch import PictureWatch
from meter_infer.sources.clock import StreamClock
from meter_infer.types import MeterKind, Quality, Reading, Reason
from tests.runtime.fakes import START, ListSink, reading, until

BASE = Fraction(1, 90_000)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_without_a_told_time_frames_keep_their_distances() -> None:
    clock = StreamClock()
    rng = random.Random(3)
    out = []
    for step in range(200):
        late = 0.0 if step % 10 == 0 else rng.uniform(0, 0.2)
        out.append(clock.captured_at(step * 4500, BASE, at(step * 0.05 + late)))
    steps = [(b - a).total_seconds() for a, b in pairwise(out[20:])]
    assert all(0.045 < step < 0.055 for step in steps)
    assert all(moment <= at(index * 0.05 + 0.02) for index, moment in enumerate(out))


def test_the_cameras_own_time_is_taken_where_it_can_be_right() -> None:
    clock = StreamClock()
    clock.told(0, at(-0.3))
    assert clock.captured_at(0, BASE, at(0)) == at(-0.3)
    clock.told(4500, at(-86_400))  # a camera whose clock was never set
    assert clock.captured_at(4500, BASE, at(0.05)) == at(0.05)
    clock.told(9000, at(5))  # nothing is taken in the future
    assert clock.captured_at(9000, BASE, at(0.1)) == at(0.1)


def test_a_stream_that_starts_its_stamps_anew_does_not_turn_time_back() -> None:
    clock = StreamClock()
    out = [clock.captured_at(step * 4500, BASE, at(step * 0.05)) for step in range(100)]
    out += [clock.captured_at(step * 4500, BASE, at(6 + step * 0.05)) for step in range(100)]
    out += [clock.captured_at(None, None, at(20))]
    assert out == sorted(out)
    assert out[100] == at(6)
    assert out[-1] == at(20)


@pytest.mark.parametrize("step_s", [0.8, 4.0, 9.0])
def test_a_clock_that_stepped_does_not_shift_time_for_long(step_s: float) -> None:
    """This machine's clock was set forward, or the camera's stamps stood still meanwhile."""
    clock = StreamClock()
    rng = random.Random(3)
    arrived = [at(step * 0.05 + rng.uniform(0, 0.1) + (step_s if step > 600 else 0)) for step in range(4000)]
    out = [clock.captured_at(step * 4500, BASE, moment) for step, moment in enumerate(arrived)]
    assert out == sorted(out)
    assert all(moment <= arrival for moment, arrival in zip(out, arrived, strict=True))
    late = [(arrival - moment).total_seconds() for moment, arrival in zip(out, arrived, strict=True)]
    assert max(late[601:700]) > step_s  # nobody can know yet that these were not held up
    assert max(late[600 + 2 * 60 * 20 :]) < 0.2


def test_what_the_network_holds_up_for_a_while_keeps_its_time() -> None:
    clock = StreamClock()
    rng = random.Random(3)
    arrived_s = 0.0
    for step in range(4000):
        held_s = rng.uniform(1, 3) if 1000 < step < 2000 else 0.0  # for 50 s
        arrived_s = max(arrived_s, step * 0.05 + held_s)
        moment = clock.captured_at(step * 4500, BASE, at(arrived_s))
        assert abs((moment - at(step * 0.05)).total_seconds()) < 0.1


def test_a_camera_whose_clock_is_behind_slows_time_and_does_not_stop_it() -> None:
    clock = StreamClock()
    out = []
    for step in range(800):  # 20 frames a second; its first report comes after 3 s, and says 8 s less
        if step >= 60:
            clock.told(step * 4500, at(step * 0.05 - 8))
        out.append(clock.captured_at(step * 4500, BASE, at(step * 0.05)))
    steps = [(b - a).total_seconds() for a, b in pairwise(out)]
    assert all(0 <= step < 0.06 for step in steps)
    assert sum(step < 0.02 for step in steps) <= 1  # where it has caught up
    assert out[-1] == at(799 * 0.05 - 8)


def test_a_machine_whose_clock_is_set_back_is_followed() -> None:
    clock = StreamClock()
    clock.captured_at(0, BASE, at(3600))
    clock.captured_at(4500, BASE, at(3600.05))
    assert clock.captured_at(9000, BASE, at(0.1)) == at(0.1)


def test_frozen_and_black_pictures() -> None:
    rng = np.random.default_rng(1)
    scene = rng.integers(40, 200, (120, 160), dtype=np.uint8)
    watch = PictureWatch(frozen_after_s=5, black_after_s=3)

    def show(seconds: range, picture: str) -> list[CameraState]:
        seen = []
        for now in seconds:
            noise = rng.integers(0, 3, scene.shape, dtype=np.uint8)
            luma = {"live": scene + noise, "same": scene, "black": np.full_like(scene, 16) + noise}[picture]
            seen.append(watch.look(luma, float(now)))
        return seen

    online, frozen, black = CameraState.ONLINE, CameraState.FROZEN, CameraState.BLACK
    assert set(show(range(20), "live")) == {online}
    assert show(range(20, 30), "same") == [online] * 5 + [frozen] * 5
    assert show(range(30, 32), "live") == [online] * 2
    assert show(range(32, 38), "black") == [online] * 2 + [black] * 4
    assert show(range(38, 40), "live") == [online] * 2


def test_the_judge_smooths_good_readings_only_and_leaves_raw_alone() -> None:
    judge = Judge(lambda camera: camera == "frozen")
    judge.configure("cam", {"m": MeterRules(median=3, alarms=AlarmLimits(high_warn=8))})
    values = [1.0, 1.0, 9.0, 1.0, 9.0, 9.0]
    items = [item for i, v in enumerate(values) for item in judge([], [reading(value=v, at_s=i)])]
    readings = [item for item in items if isinstance(item, Reading)]
    assert [item.value for item in readings] == [1.0, 1.0, 1.0, 1.0, 9.0, 9.0]
    assert [item.raw for item in readings] == values
    assert [place for place, item in enumerate(items) if isinstance(item, AlarmEvent)] == [1, 6]
    doubtful = reading(value=5.0, quality=Quality.UNCERTAIN)
    assert judge([], [doubtful]) == [doubtful]
    (stale,) = judge([], [reading(camera="frozen")])
    assert isinstance(stale, Reading)
    assert (stale.value, stale.quality, stale.reason) == (None, Quality.BAD, Reason.STALE)
    assert (stale.raw, stale.fraction) == (None, None)


def test_alarms_are_logged_as_they_come_and_go(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    judge = Judge(lambda _: False)
    judge.configure("cam", {"m": MeterRules(alarms=AlarmLimits(high_warn=8, low_critical=1))})
    for at_s, value in enumerate((5.0, 9.0, 9.5, 5.0, 0.5)):
        judge([], [reading(value=value, at_s=at_s)])
    told = [(record.levelname, record.getMessage().replace(" bar", "")) for record in caplog.records]
    assert told == [
        ("WARNING", "Alarm (warn): cam/m is 9, above its limit of 8."),
        ("INFO", "The alarm of cam/m has ended: it is 5."),
        ("WARNING", "Alarm (critical): cam/m is 0.5, below its limit of 1."),
    ]


def test_reconfiguring_keeps_what_did_not_change() -> None:
    rules = MeterRules(alarms=AlarmLimits(high_warn=8))
    judge = Judge(lambda _: False)
    judge.configure("cam", {"m": rules})
    assert len(judge([], [reading(value=9.0)])) == 2
    judge.configure("cam", {"m": replace(rules), "new": rules})
    raised = judge([], [reading(value=9.0)])
    assert len(raised) == 1, "the alarm is raised already"
    judge.configure("cam", {"m": replace(rules, median=3)})
    assert len(judge([], [reading(value=9.0)])) == 2


def test_no_secret_passes_the_log() -> None:
    secrets = Secrets(["hunter2", "h"])
    secrets.add(["hunter2-more"])
    handler = RedactingFormatter(secrets, "%(levelname)s %(message)s")
    try:
        raise ValueError("rtsp://u:hunter2-more@host")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "at %s", ("hunter2",), info)
    text = handler.format(record)
    assert "hunter2" not in text
    assert "at ***" in text
    assert "u:***@host" in text
    assert "hunter2" not in repr(secrets)


def test_the_service_manager_is_told(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(5)
        tell = ServiceManager({"NOTIFY_SOCKET": address})
        tell.ready()
        tell.alive()
        tell.reloading()
        tell.stopping()
        said = [manager.recv(200).decode() for _ in range(4)]
    assert said[:2] == ["READY=1", "WATCHDOG=1"]
    assert said[2].startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert abs(int(said[2].rpartition("=")[2]) - time.monotonic_ns() // 1000) < 60_000_000
    assert said[3] == "STOPPING=1"
    tell.status("nobody listens any more")
    ServiceManager({}).ready()


def test_delays_double_with_jitter_up_to_a_limit() -> None:
    backoff = Backoff(0.5, 4.0, random.Random(5))
    for step in (0.5, 1, 2, 4, 4, 4):
        assert step / 2 <= backoff.delay() <= step
    backoff.reset()
    assert backoff.delay() <= 0.5


def test_capture_times_are_utc() -> None:
    assert StreamClock().captured_at(0, BASE, datetime.now(UTC)).tzinfo is UTC


@pytest.mark.parametrize("bad", [0, 1, 10**30])
def test_odd_time_stamps_do_no_harm(bad: int) -> None:
    clock = StreamClock()
    for step in (bad, 0, bad):
        clock.captured_at(step, BASE, at(1))


def test_values_from_before_a_meter_was_changed_are_no_neighbours_of_those_after() -> None:
    rules = {"m": MeterRules(median=5)}
    judge = Judge(lambda _: False)
    before = MeterSetup("cam", "m", MeterKind.POINTER, unit="MPa")
    judge.configure("cam", rules, [before])
    for at_s in range(5):
        judge([], [reading(value=1.2, at_s=at_s)])
    judge.configure("cam", rules, [replace(before)])
    (same,) = judge([], [reading(value=9.0, at_s=5)])
    judge.configure("cam", rules, [replace(before, unit="bar")])
    (other,) = judge([], [reading(value=12.0, at_s=6)])
    assert isinstance(same, Reading)
    assert isinstance(other, Reading)
    assert (same.value, other.value) == (1.2, 12.0)


def test_a_median_of_rare_readings_is_one_of_several() -> None:
    judge = Judge(lambda _: False)
    judge.configure("cam", {"m": MeterRules(median=3, pause_s=3 * 61)})
    values = [1.0, 1.0, 1.0, 9.0, 1.0]
    items = [item for i, v in enumerate(values) for item in judge([], [reading(value=v, at_s=61.0 * i)])]
    assert [item.value for item in items if isinstance(item, Reading)] == [1.0] * 5


def test_what_is_said_once_survives_a_queue_that_overflows() -> None:
    sink = ListSink()
    outlet = Outlet(sink, size=5)
    alarm = AlarmEvent(START, "cam", "m", AlarmLevel.CRITICAL, "high", 8.0, 9.0, "bar")
    outlet.put([alarm, *(reading(index=index) for index in range(20))])
    assert outlet.depth == 6
    assert outlet.dropped == 15
    outlet.worker.start()
    until(lambda: len(sink.items) == 6)
    outlet.worker.stop()
    assert outlet.worker.join(60)
    assert sink.items[0] == alarm
