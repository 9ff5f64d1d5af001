"""The slots and the batches that are taken from them."""

import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from meter_infer.runtime.intake import Drop, Intake
from meter_infer.runtime.settings import BatchLimits
from meter_infer.types import Frame
from tests.runtime.fakes import START, frame

GO = threading.Event()


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def make(*cameras: str, cadence_s: float = 0.0) -> tuple[Intake, Counter[tuple[str, Drop]], Clock]:
    drops: Counter[tuple[str, Drop]] = Counter()
    clock = Clock()

    def count(camera: str, cause: Drop) -> None:
        drops[camera, cause] += 1

    intake = Intake(count, clock)
    for camera in cameras:
        intake.add(camera, cadence_s, live=True)
    return intake, drops, clock


LIMITS = BatchLimits(max_frames=8, window_s=0.0, staleness_s=600.0)


def taken_from(intake: Intake, limits: BatchLimits = LIMITS, timeout_s: float = 0) -> list[Frame]:
    """Take a batch and say at once that it was read."""
    batch = intake.take(limits, timeout_s)
    intake.done(batch)
    return batch


def test_the_newest_frame_wins_and_the_older_is_counted() -> None:
    intake, drops, clock = make("a")
    for index in range(3):
        intake.offer(frame("a", index, clock.now), GO)
    assert [item.index for item in taken_from(intake)] == [2]
    assert drops == {("a", Drop.SUPERSEDED): 2}
    assert taken_from(intake) == []


def test_the_cadence_lets_one_frame_through_in_its_time() -> None:
    intake, drops, clock = make("a", cadence_s=1.0)
    taken = []
    for index in range(40):
        intake.offer(frame("a", index, clock.now), GO)
        taken += [item.index for item in taken_from(intake)]
        clock.now += 0.05
    assert len(taken) == 2
    assert drops[("a", Drop.CADENCE)] >= 37
    assert drops[("a", Drop.SUPERSEDED)] == 0


def test_a_stalled_camera_holds_nobody() -> None:
    intake, _, clock = make("a", "stalled")
    intake.offer(frame("a", 0, clock.now), GO)
    assert [item.camera for item in taken_from(intake, timeout_s=5.0)] == ["a"]


def test_a_batch_is_bounded_and_fair() -> None:
    names = [f"c{number}" for number in range(5)]
    intake, _, clock = make(*names)
    served: Counter[str] = Counter()
    limits = replace(LIMITS, max_frames=2)
    for index in range(50):
        for name in names:
            intake.offer(frame(name, index, clock.now), GO)
        batch = taken_from(intake, limits)
        assert len(batch) == 2
        served.update(item.camera for item in batch)
        clock.now += 0.01
    assert max(served.values()) - min(served.values()) <= 1


def test_a_stale_frame_is_dropped_with_its_cause() -> None:
    intake, drops, clock = make("a")
    intake.offer(frame("a", 0, clock.now), GO)
    clock.now += 3
    assert taken_from(intake, replace(LIMITS, staleness_s=2.0)) == []
    assert drops == {("a", Drop.STALE): 1}


def test_a_recording_waits_and_loses_nothing() -> None:
    drops: list[Drop] = []
    intake = Intake(lambda _, cause: drops.append(cause))
    intake.add("file", 0.0, live=False)
    stop = threading.Event()

    def read() -> None:
        for index in range(20):
            intake.offer(frame("file", index), stop)

    thread = threading.Thread(target=read)
    thread.start()
    taken: list[int] = []
    while len(taken) < 20:
        taken += [item.index for item in taken_from(intake, timeout_s=1.0)]
    thread.join()
    assert taken == list(range(20))
    assert drops == []


def test_a_recording_keeps_the_cadence_of_its_own_time() -> None:
    drops: list[Drop] = []
    intake = Intake(lambda _, cause: drops.append(cause))
    intake.add("file", 1.0, live=False)
    taken = []
    for index in range(45):
        intake.offer(frame("file", index, at=START + timedelta(seconds=index / 20)), GO)
        taken += [item.index for item in taken_from(intake)]
    assert taken == [0, 20, 40]
    assert set(drops) == {Drop.CADENCE}


def test_a_stopped_recording_does_not_wait_for_ever() -> None:
    drops: list[Drop] = []
    intake = Intake(lambda _, cause: drops.append(cause))
    intake.add("file", 0.0, live=False)
    stop = threading.Event()
    intake.offer(frame("file", 0), stop)
    thread = threading.Thread(target=intake.offer, args=(frame("file", 1), stop))
    thread.start()
    stop.set()
    thread.join(60)
    assert not thread.is_alive()
    assert drops == [Drop.STOPPED]


def test_the_window_gathers_cameras_that_come_a_little_later() -> None:
    intake = Intake(lambda *_: None)
    for name in ("a", "b"):
        intake.add(name, 0.0, live=True)
    late = threading.Timer(0.05, lambda: intake.offer(frame("b"), GO))
    intake.offer(frame("a"), GO)
    late.start()
    batch = intake.take(replace(LIMITS, window_s=60.0), 1.0)
    late.join()
    assert sorted(item.camera for item in batch) == ["a", "b"]


def test_who_was_told_to_stop_hands_in_nothing_more() -> None:
    intake, drops, clock = make("a")
    stop = threading.Event()
    intake.offer(frame("a", 0, clock.now), stop)
    stop.set()
    intake.offer(frame("a", 1, clock.now), stop)
    assert [item.index for item in taken_from(intake)] == [0]
    assert drops == {("a", Drop.STOPPED): 1}


def test_a_removed_camera_is_gone() -> None:
    intake, drops, clock = make("a")
    intake.offer(frame("a", 0, clock.now), GO)
    intake.remove("a")
    intake.offer(frame("a", 1, clock.now), GO)
    assert taken_from(intake) == []
    assert drops == {("a", Drop.STOPPED): 2}


def test_a_backlog_keeps_what_came_meanwhile_up_to_its_bound() -> None:
    drops: list[Drop] = []
    intake = Intake(lambda _, cause: drops.append(cause), backlog=3)
    intake.add("a", 0.0, live=True)
    for index in range(5):
        intake.offer(frame("a", index), GO)
    assert drops == [Drop.SUPERSEDED] * 2
    assert [taken_from(intake)[0].index for _ in range(3)] == [2, 3, 4]


def test_a_backlog_is_for_those_who_want_every_frame() -> None:
    drops: list[Drop] = []
    intake = Intake(lambda _, cause: drops.append(cause), backlog=3)
    intake.add("a", 1.0, live=True)
    for index in range(3):
        intake.offer(frame("a", index), GO)
    assert [item.index for item in taken_from(intake)] == [2]


def test_a_camera_in_hand_gives_no_other_frame_until_it_is_done() -> None:
    intake = Intake(lambda *_: None, backlog=3)
    for name in ("a", "b"):
        intake.add(name, 0.0, live=True)
        for index in range(2):
            intake.offer(frame(name, index), GO)
    one = replace(LIMITS, max_frames=1)
    first, second = intake.take(one, 0), intake.take(one, 0)
    assert [(item.camera, item.index) for item in first + second] == [("a", 0), ("b", 0)]
    assert intake.take(one, 0) == []
    intake.done(first)
    assert [(item.camera, item.index) for item in intake.take(one, 0)] == [("a", 1)]


def test_a_recording_goes_on_when_its_own_frame_was_taken() -> None:
    intake, _, _ = make()
    intake.add("a", 0.0, live=False)
    intake.add("b", 0.0, live=False)
    done = {name: threading.Event() for name in "ab"}

    def two(camera: str) -> None:
        intake.offer(frame(camera, 0), GO)
        intake.offer(frame(camera, 1), GO)
        done[camera].set()

    threads = [threading.Thread(target=two, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    while intake.depth < 2:
        time.sleep(0.001)
    one = replace(LIMITS, max_frames=1)
    (first,) = intake.take(one, 0)
    (other,) = {"a", "b"} - {first.camera}
    assert done[first.camera].wait(60)
    assert not done[other].wait(0.05)
    intake.done([first])
    taken = [each for _ in range(3) for each in taken_from(intake, one, 1)]
    assert {each.camera for each in taken} == {"a", "b"}
    assert done[other].wait(60)
    for thread in threads:
        thread.join(60)


def test_a_shorter_cadence_holds_at_once() -> None:
    intake, _, clock = make("a", cadence_s=600.0)
    intake.offer(frame("a", 0, clock.now), GO)
    assert len(taken_from(intake)) == 1
    intake.add("a", 1.0, live=True)
    clock.now += 1.5
    intake.offer(frame("a", 1, clock.now), GO)
    assert [item.index for item in taken_from(intake)] == [1]
