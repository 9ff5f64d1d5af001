"""How threads share the networks."""

import os
import sys
import threading
from typing import Self

import numpy as np
import pytest

from meter_infer.backends.base import Tensor, TensorSpec
from meter_infer.runtime.background import BackgroundBackend
from meter_infer.runtime.turn import NetworkTurn
from tests.runtime.fakes import until


def test_who_waits_longest_is_next() -> None:
    turn, served = NetworkTurn(), []
    threads = []

    def use(name: int) -> None:
        with turn.desk, turn:
            served.append(name)

    with turn.desk, turn, turn.away():
        assert not turn.free()
        for name in range(4):
            threads.append(threading.Thread(target=use, args=(name,)))
            threads[-1].start()
            until(lambda name=name: len(turn._waiting) == name + 2)  # type: ignore[misc]
        assert served == []
    for thread in threads:
        thread.join(60)
    assert served == [0, 1, 2, 3]
    assert turn.free()


def test_who_uses_the_networks_leaves_the_desk_meanwhile() -> None:
    turn = NetworkTurn()
    with turn.desk:
        assert turn.desk.locked()
        with turn, turn.away():
            assert turn.desk.acquire(blocking=False)
            turn.desk.release()
        assert turn.desk.locked()
    assert not turn.desk.locked()


class PriorityBackend:
    """Says at which priority it runs."""

    name = "priority"
    inputs: tuple[TensorSpec, ...] = ()
    outputs: tuple[TensorSpec, ...] = ()

    def infer(self, images: Tensor) -> tuple[Tensor, ...]:
        nice = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        return (np.array([nice], np.float32),)

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a priority a thread")
def test_the_networks_give_way_unless_it_is_urgent() -> None:
    turn = NetworkTurn()
    mine = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    nice = []
    with BackgroundBackend(PriorityBackend(), turn) as backend, turn.desk:
        for urgent in (False, True, False):
            with turn:
                turn.urgent = urgent
                nice.append(float(np.asarray(backend.infer(np.zeros(1, np.float32))[0])[0]))
    assert nice[1] == mine
    assert nice[0] == nice[2] == min(19, mine + 10)
