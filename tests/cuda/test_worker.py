"""The thread that owns the card: work goes in, results and errors come out, and nobody waits for ever."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from meter_infer.cuda.device import Device
from meter_infer.cuda.worker import GpuThread, release_gpu, share_gpu
from meter_infer.errors import BackendError, DeviceLost
from tests.cuda.host_device import HostDevice
from tests.runtime.fakes import until


@pytest.fixture
def device() -> HostDevice:
    return HostDevice()


@pytest.fixture
def gpu(device: HostDevice) -> Iterator[GpuThread]:
    thread = GpuThread(lambda: device)
    yield thread
    thread.close()


def lose(_: Device) -> None:
    raise DeviceLost("The GPU failed: it was reset.")


def test_all_work_is_done_by_the_thread_that_opened_the_card(gpu: GpuThread, device: HostDevice) -> None:
    threads = {gpu.run(lambda given: (given is device, threading.current_thread().name)) for _ in range(3)}
    assert threads == {(True, "gpu")}


def test_callers_get_their_own_result(gpu: GpuThread) -> None:
    results: dict[int, int] = {}

    def ask(number: int) -> None:
        results[number] = gpu.run(lambda _: number * number)

    callers = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert results == {number: number * number for number in range(20)}


def test_a_mistake_is_the_callers_and_costs_nobody_else(gpu: GpuThread) -> None:
    with pytest.raises(BackendError, match="too large"):
        gpu.run(lambda _: (_ for _ in ()).throw(BackendError("too large")))
    with pytest.raises(ZeroDivisionError):
        gpu.run(lambda _: 1 // 0)
    assert gpu.run(lambda _: "alive") == "alive"


def test_a_card_that_fell_away_stays_away(gpu: GpuThread) -> None:
    for work in (lose, lambda _: "never"):
        with pytest.raises(DeviceLost, match=r"fell away \(The GPU failed: it was reset\); check nvidia-smi"):
            gpu.run(work)


def test_a_card_that_hangs_is_given_up_at_the_deadline(device: HostDevice) -> None:
    gpu, stuck = GpuThread(lambda: device), threading.Event()
    try:
        with pytest.raises(DeviceLost, match="has not answered for 0 s"):
            gpu.run(lambda _: stuck.wait(100), deadline_s=0.05)
        with pytest.raises(DeviceLost, match="not answered"):
            gpu.run(lambda _: "never", deadline_s=0.05)
    finally:
        stuck.set()
        gpu.close(deadline_s=60)
    assert device.closed


def test_closing_a_card_that_hangs_does_not_hang(device: HostDevice) -> None:
    gpu, stuck = GpuThread(lambda: device), threading.Event()
    with pytest.raises(DeviceLost):
        gpu.run(lambda _: stuck.wait(100), deadline_s=0.05)
    gpu.close(deadline_s=0.1)
    assert not device.closed
    stuck.set()


def test_a_card_that_does_not_open_says_why() -> None:
    def fail() -> Device:
        raise BackendError("There is no NVIDIA GPU here; check nvidia-smi.")

    with pytest.raises(BackendError, match="no NVIDIA GPU"):
        GpuThread(fail)


def test_a_closed_card_refuses_work(gpu: GpuThread, device: HostDevice) -> None:
    gpu.close()
    gpu.close()
    assert device.closed
    with pytest.raises(DeviceLost, match="closed"):
        gpu.run(lambda _: None)


def test_the_process_shares_one_card_until_the_last_lets_go(device: HostDevice) -> None:
    first, second = share_gpu(lambda: device, "a"), share_gpu(lambda: pytest.fail("opened twice"), "a")
    assert first is second
    release_gpu(first)
    assert not device.closed
    release_gpu(second)
    assert device.closed


def test_a_lost_card_is_replaced_for_those_who_come_later(device: HostDevice) -> None:
    first = share_gpu(lambda: device, "b")
    with pytest.raises(DeviceLost):
        first.run(lose)
    another = HostDevice()
    second = share_gpu(lambda: another, "b")
    assert second is not first
    release_gpu(first)
    assert device.closed
    assert second.run(lambda given: given is another)
    release_gpu(second)
    assert another.closed


def test_what_is_left_is_freed_by_the_cards_thread_also_after_a_loss(device: HostDevice) -> None:
    gpu = GpuThread(lambda: device)
    freed: list[tuple[str, str, bool]] = []

    def closer(name: str) -> Callable[[], None]:
        def close() -> None:
            freed.append((name, threading.current_thread().name, device.closed))
            if name == "second":
                raise RuntimeError("the context is gone")

        return close

    done = closer("done before")
    for each in (closer("first"), closer("second"), done):
        gpu.at_end(each)
    gpu.not_at_end(done)
    with pytest.raises(DeviceLost):
        gpu.run(lose)
    assert not freed
    gpu.close()
    assert freed == [("second", "gpu", False), ("first", "gpu", False)]
    assert device.closed


def test_what_hung_is_freed_when_it_answers_after_all(device: HostDevice) -> None:
    gpu, stuck = GpuThread(lambda: device), threading.Event()
    freed = threading.Event()
    gpu.at_end(freed.set)
    with pytest.raises(DeviceLost):
        gpu.run(lambda _: stuck.wait(100), deadline_s=0.05)
    gpu._lost = None
    waiting = [threading.Thread(target=refused, args=(gpu,)) for _ in range(8)]  # they fill the queue
    for each in waiting:
        each.start()
    until(gpu._jobs.full)
    gpu.close(deadline_s=0.1)
    assert not freed.is_set()
    stuck.set()
    assert freed.wait(60)
    for each in waiting:
        each.join()


def refused(gpu: GpuThread) -> None:
    with suppress(DeviceLost):
        gpu.run(lambda _: None, deadline_s=20)


def test_a_card_that_opens_too_late_is_closed_again(
    device: HostDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meter_infer.cuda.worker._STARTING_S", 0.05)
    ready = threading.Event()

    def slow() -> HostDevice:
        ready.wait(100)
        return device

    with pytest.raises(DeviceLost, match="not answered"):
        GpuThread(slow)
    ready.set()
    for thread in threading.enumerate():
        if thread.name == "gpu":
            thread.join(60)
    assert device.closed


def test_a_card_that_is_being_opened_holds_up_nobody_who_lets_go_of_another(device: HostDevice) -> None:
    other, ready = HostDevice(), threading.Event()
    first = share_gpu(lambda: device, "c")
    opening: list[GpuThread] = []
    at_it = threading.Event()

    def slow() -> HostDevice:
        at_it.set()
        ready.wait(100)
        return other

    opener = threading.Thread(target=lambda: opening.append(share_gpu(slow, "d")))
    opener.start()
    assert at_it.wait(60)
    began = time.monotonic()
    release_gpu(first)
    assert time.monotonic() - began < 30
    assert device.closed
    ready.set()
    opener.join()
    release_gpu(opening[0])
    assert other.closed
