"""How threads share the networks."""

import threading

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
        thread.join(5)
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
