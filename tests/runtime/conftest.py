"""What all tests of the runtime are given."""

import pytest


@pytest.fixture(autouse=True)
def patience_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait longer for cameras' threads than the service does: on a busy machine they only come late."""
    monkeypatch.setattr("meter_infer.runtime.live._FEEDS_S", 30.0)
