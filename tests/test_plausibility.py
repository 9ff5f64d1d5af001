import math
from dataclasses import replace

import numpy as np
import pytest

from meter_infer.events import MeterInfo
from meter_infer.plausibility import CONFIRM, RateLimit, Spreads, SpreadWindow
from meter_infer.types import MeterKind, Quality
from tests.runtime.fakes import reading


def test_a_slow_change_is_accepted() -> None:
    limit = RateLimit(max_rate=1.0, tolerance=0.01)
    assert [limit.accept(0.5 * t, float(t)) for t in range(5)] == [(0.5 * t, True) for t in range(5)]


def test_a_single_outlier_is_held_back_and_changes_nothing() -> None:
    limit = RateLimit(max_rate=1.0, tolerance=0.01)
    limit.accept(2.0, 0.0)
    assert limit.accept(9.0, 0.1) == (2.0, False)
    assert limit.accept(2.05, 0.2) == (2.05, True)


@pytest.mark.parametrize("target", [9.0, -9.0])
def test_a_true_jump_is_accepted_after_consistent_frames(target: float) -> None:
    limit = RateLimit(max_rate=1.0, tolerance=0.01)
    limit.accept(0.0, 0.0)
    results = [limit.accept(target, 0.1 * (k + 1)) for k in range(CONFIRM)]
    assert [own for _, own in results] == [False] * (CONFIRM - 1) + [True]
    assert results[-1][0] == target


def test_a_wrong_value_accepted_at_first_does_not_lock_up() -> None:
    limit = RateLimit(max_rate=0.1, tolerance=0.01)
    limit.accept(100.0, 0.0)
    results = [limit.accept(1.0, 0.1 * (k + 1)) for k in range(10)]
    assert results[CONFIRM - 1] == (1.0, True)
    assert all(own for _, own in results[CONFIRM - 1 :])


def test_scattered_outliers_never_add_up_to_a_jump() -> None:
    limit = RateLimit(max_rate=0.1, tolerance=0.01)
    limit.accept(1.0, 0.0)
    wild = [5.0, 9.0, 3.0, 8.0, 2.0, 7.0]
    assert not any(limit.accept(value, 0.1 * (k + 1))[1] for k, value in enumerate(wild))


def test_what_runs_away_a_little_in_every_frame_is_held_back() -> None:
    limit = RateLimit(max_rate=0.1, tolerance=0.14)
    values = [(0.13 * k, 0.1 * k) for k in range(60)]  # 1.3 a second, less than the tolerance a frame
    own = [limit.accept(value, at_s)[1] for value, at_s in values]
    assert own[0]
    assert not any(own[4:])
    # it stands still again: that is accepted, as any jump is
    rest = [limit.accept(values[-1][0], 6.0 + 0.1 * k)[1] for k in range(CONFIRM)]
    assert rest[-1]


def test_what_trembles_within_the_tolerance_is_never_held_back() -> None:
    limit = RateLimit(max_rate=0.01, tolerance=0.1)
    noise = np.random.default_rng(0).uniform(-0.09, 0.09, 500)
    assert all(limit.accept(5.0 + 0.0005 * k + shake, 0.05 * k)[1] for k, shake in enumerate(noise.tolist()))


def test_time_that_stands_still_allows_no_change() -> None:
    limit = RateLimit(max_rate=10.0, tolerance=0.01)
    limit.accept(1.0, 5.0)
    assert limit.accept(1.5, 5.0) == (1.0, False)


def test_the_spread_of_a_pointer_that_vibrates() -> None:
    window = SpreadWindow(seconds=2.0)
    assert window.spread() is None
    for k in range(200):
        window.add(5 + 0.5 * math.sin(2 * math.pi * 3.7 * k / 20) + (40 if k < 100 else 0), k / 20)
    spread = window.spread()
    assert spread is not None
    assert spread.count == 41
    assert spread.lowest == pytest.approx(4.5, abs=0.02)
    assert spread.highest == pytest.approx(5.5, abs=0.02)
    assert spread.deviation == pytest.approx(0.5 / math.sqrt(2), abs=0.02)


def test_a_spread_is_made_of_good_readings_and_of_what_each_frame_said() -> None:
    spreads = Spreads()
    first = reading("cam", "p1", 3.0)
    spreads.add(replace(first, raw=2.5))
    spreads.add(replace(first, raw=3.5))
    spreads.add(replace(first, raw=90.0, quality=Quality.UNCERTAIN))
    spread = spreads.of(first)
    assert spread is not None
    assert (spread.lowest, spread.highest, spread.count) == (2.5, 3.5, 2)
    assert spreads.of(replace(first, quality=Quality.BAD)) is None


def test_a_spread_begins_anew_with_the_meaning_of_the_values() -> None:
    spreads = Spreads()
    first = reading("cam", "p1", 3.0)
    known = MeterInfo("cam", "p1", MeterKind.POINTER, "bar", (0.0, 10.0), 1.0)
    spreads.know([known])
    for changed in (
        [replace(known, unit="psi")],
        [replace(known, range=(0.0, 16.0))],
        [replace(known, setup="clicked points")],
        [],
    ):
        spreads.know([known])
        spreads.add(first)
        spreads.know([known, replace(known, meter="p2")])
        assert spreads.of(first) is not None
        spreads.know(changed)
        assert spreads.of(first) is None
