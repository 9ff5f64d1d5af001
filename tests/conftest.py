"""Fixtures that every test runs under: no leaked thread, no error in the log, no warning."""

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from hypothesis import HealthCheck, settings

from meter_infer.cuda.pycuda_device import driver
from meter_infer.errors import BackendError

# The tests run in several processes; OpenCV's own threads would only fight over the cores.
cv2.setNumThreads(1)

# How long an example takes says more about the machine than about the code.
settings.register_profile(
    "any-machine", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any-machine")

_THREAD_GRACE_S = 20.0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests marked `gpu` where there is no card, with the reason."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if not marked:
        return
    try:
        driver()
    except BackendError as error:
        for item in marked:
            item.add_marker(pytest.mark.skip(reason=str(error)))


@pytest.fixture(autouse=True)
def no_leaked_threads(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a thread running that it found not running."""
    before = set(threading.enumerate())
    yield
    if request.node.get_closest_marker("allow_threads"):
        return
    deadline = time.monotonic() + _THREAD_GRACE_S
    leaked = _new_threads(before)
    while leaked and time.monotonic() < deadline:
        leaked[0].join(0.05)
        leaked = _new_threads(before)
    assert not leaked, f"the test leaked {sorted(thread.name for thread in leaked)}"


def _new_threads(before: set[threading.Thread]) -> list[threading.Thread]:
    # execnet's and pytest-timeout's own threads are theirs to end
    foreign = ("execnet", "pytest_timeout", "ThreadPoolExecutor-execnet")
    return [
        thread
        for thread in threading.enumerate()
        if thread not in before and thread.is_alive() and not thread.name.startswith(foreign)
    ]


class _ErrorLog(logging.Handler):
    def __init__(self) -> None:
        super().__init__(level=logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(f"{record.name}: {record.getMessage()}")


@pytest.fixture(autouse=True)
def no_error_logged(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that logs an ERROR or worse, unless it is marked `allow_error_log`."""
    handler = _ErrorLog()
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
    if not request.node.get_closest_marker("allow_error_log"):
        assert not handler.messages, f"the test logged {handler.messages}"


@pytest.fixture(scope="session")
def shared_gauges() -> Path:
    """Return the folder of labelled photographs that may lie beside the checkout; skip without it."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "gauges"
    if not (folder / "val.json").is_file():
        pytest.skip("the photographs in ../shared/gauges are not here")
    return folder
