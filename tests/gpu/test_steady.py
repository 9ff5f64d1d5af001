"""A card that falls away costs its work for a moment, never the service."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from meter_infer.errors import BackendError, DeviceLost, ModelError
from meter_infer.gpu.networks import FIRST_RETRY_S, LAST_RETRY_S, SteadyNetworks
from meter_infer.types import Box, Detection, Frame, Segment
from tests.runtime.fakes import until

pytestmark = pytest.mark.filterwarnings("error")


@dataclass
class Fake:
    """Networks that count, and fail as told."""

    name: str
    fails: list[Exception] = field(default_factory=list)
    calls: int = 0
    closed: bool = False

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        assert not self.closed
        self.calls += 1
        if self.fails:
            raise self.fails.pop(0)
        return [[] for _ in frames]

    def segment(self, items: Sequence[tuple[Frame, Box]]) -> list[list[Segment]]:
        self.detect([])
        return []

    def close(self) -> None:
        self.closed = True


@dataclass
class Rig:
    """A card that opens as often as it is told, a spare, and a clock."""

    cards: list[Fake | Exception]
    opened: int = 0
    now_s: float = 100.0
    spares: list[Fake] = field(default_factory=list)
    ready: threading.Event = field(default_factory=threading.Event)
    """Until it is set, opening a card a second time takes its time."""

    def __post_init__(self) -> None:
        self.ready.set()

    def card(self) -> Fake:
        self.opened += 1
        assert self.opened == 1 or self.ready.wait(100)
        made = self.cards.pop(0)
        if isinstance(made, Exception):
            raise made
        return made

    def spare(self) -> Fake:
        self.spares.append(Fake("openvino-f32"))
        return self.spares[-1]

    def networks(self, *, spare: bool) -> SteadyNetworks:
        choice: Callable[[], Fake] | None = self.spare if spare else None
        return SteadyNetworks(self.card, choice, lambda: self.now_s)


def settle() -> None:
    """Wait for what is opened or closed in the background."""
    for thread in threading.enumerate():
        if thread.name.startswith("gpu-"):
            thread.join(60)


LOST = DeviceLost("The GPU fell away (it was reset); check nvidia-smi.")


def test_as_long_as_the_card_works_nothing_else_is_opened() -> None:
    rig = Rig([Fake("tensorrt-f16")])
    networks = rig.networks(spare=True)
    assert networks.detect([]) == []
    assert networks.segment([]) == []
    assert (networks.name, rig.opened, rig.spares) == ("tensorrt-f16", 1, [])
    networks.close()


def test_the_cpu_takes_over_within_the_same_call_and_the_card_comes_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, second = Fake("tensorrt-f16", [LOST]), Fake("tensorrt-f16")
    rig = Rig([first, second])
    networks = rig.networks(spare=True)
    assert networks.detect([]) == []
    settle()
    assert first.closed
    assert networks.name == "openvino-f32"
    rig.now_s += FIRST_RETRY_S - 0.01
    networks.detect([])
    assert (rig.opened, rig.spares[0].calls) == (1, 2)
    rig.now_s += 0.02
    networks.detect([])
    settle()
    assert (rig.opened, second.calls, networks.name) == (2, 0, "openvino-f32")
    networks.detect([])
    assert (rig.opened, second.calls, networks.name) == (2, 1, "tensorrt-f16")
    assert rig.spares[0].closed
    assert [word in caplog.text for word in ("it was reset", "run on the CPU", "is back")] == [True] * 3


def test_without_a_spare_the_error_is_raised_and_the_card_opened_again() -> None:
    rig = Rig([Fake("cuda-f32", [LOST]), Fake("cuda-f32")])
    networks = rig.networks(spare=False)
    with pytest.raises(DeviceLost, match="it was reset"):
        networks.detect([])
    with pytest.raises(DeviceLost, match="tried again in 1 s"):
        networks.detect([])
    rig.now_s += FIRST_RETRY_S
    settle()
    with pytest.raises(DeviceLost, match="is being opened again"):
        networks.detect([])
    settle()
    assert networks.detect([]) == []


def test_a_card_that_stays_away_is_tried_ever_more_seldom() -> None:
    rig = Rig([Fake("tensorrt-f16", [LOST]), *[BackendError("No NVIDIA GPU answers.")] * 200])
    networks = rig.networks(spare=True)
    for _ in range(3000):
        networks.detect([])
        settle()
        rig.now_s += 0.5
    expected = 1500 / LAST_RETRY_S + 8
    assert expected - 10 < rig.opened < expected + 2
    assert rig.spares[0].calls == 3000
    assert len(rig.spares) == 1


def test_a_mistake_is_no_reason_to_leave_the_card() -> None:
    rig = Rig([Fake("tensorrt-f16", [BackendError("The engine was not built for this size.")])])
    networks = rig.networks(spare=True)
    with pytest.raises(BackendError, match="not built"):
        networks.detect([])
    assert networks.detect([]) == []
    assert (rig.opened, rig.spares) == (1, [])


def test_what_does_not_even_start_is_an_error_at_once() -> None:
    with pytest.raises(BackendError, match="no GPU"):
        Rig([BackendError("no GPU")]).networks(spare=True)


def test_closing_closes_whatever_is_open() -> None:
    card = Fake("tensorrt-f16", [LOST])
    rig = Rig([card])
    networks = rig.networks(spare=True)
    networks.detect([])
    networks.close()
    settle()
    assert card.closed
    assert rig.spares[0].closed


def test_while_the_card_is_opened_the_cpu_reads_on() -> None:
    second = Fake("tensorrt-f16")
    rig = Rig([Fake("tensorrt-f16", [LOST]), second])
    networks = rig.networks(spare=True)
    networks.detect([])
    settle()
    rig.now_s += FIRST_RETRY_S
    rig.ready.clear()
    began = time.monotonic()
    for _ in range(20):
        networks.detect([])
        rig.now_s += 60
    assert time.monotonic() - began < 30
    until(lambda: rig.opened == 2)  # by a thread of its own
    assert (rig.opened, rig.spares[0].calls, networks.name) == (2, 21, "openvino-f32")
    rig.ready.set()
    settle()
    networks.detect([])
    assert (second.calls, networks.name) == (1, "tensorrt-f16")
    networks.close()


def test_a_card_that_hangs_while_it_is_closed_holds_up_nobody() -> None:
    stuck = threading.Event()

    class Hanging(Fake):
        def close(self) -> None:
            stuck.wait(100)
            super().close()

    rig = Rig([Hanging("tensorrt-f16", [LOST]), Fake("tensorrt-f16")])
    networks = rig.networks(spare=True)
    began = time.monotonic()
    for _ in range(5):
        networks.detect([])
        rig.now_s += FIRST_RETRY_S
    assert time.monotonic() - began < 30
    assert rig.opened == 1  # not before the old one is gone
    stuck.set()
    settle()
    networks.detect([])
    settle()
    networks.detect([])
    assert (rig.opened, networks.name) == (2, "tensorrt-f16")
    networks.close()


@pytest.mark.parametrize("ready", ["before", "after"])
def test_a_card_that_nobody_waits_for_any_more_is_closed(ready: str) -> None:
    second = Fake("tensorrt-f16")
    rig = Rig([Fake("tensorrt-f16", [LOST]), second])
    networks = rig.networks(spare=True)
    networks.detect([])
    settle()
    rig.now_s += FIRST_RETRY_S
    rig.ready.clear()
    networks.detect([])
    if ready == "before":
        rig.ready.set()
        settle()
    networks.close()
    rig.ready.set()
    settle()
    assert second.closed


def test_even_an_unexpected_error_of_opening_does_not_end_the_reading(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rig = Rig([Fake("tensorrt-f16", [LOST]), ModelError("The model is missing."), AttributeError("odd")])
    networks = rig.networks(spare=True)
    for _ in range(8):
        assert networks.detect([]) == []
        settle()
        rig.now_s += 2 * FIRST_RETRY_S
    networks.close()
    assert "does not come back: The model is missing." in caplog.text
    assert "does not come back: odd" in caplog.text
