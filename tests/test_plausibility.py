import pytest

from meter_infer.plausibility import CONFIRM, RateLimit


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


def test_time_that_stands_still_allows_no_change() -> None:
    limit = RateLimit(max_rate=10.0, tolerance=0.01)
    limit.accept(1.0, 5.0)
    assert limit.accept(1.5, 5.0) == (1.0, False)
