"""Alarms: tiers, hysteresis, duration; and the smoothing before them."""

from dataclasses import replace

import pytest

from meter_infer.alarms import Alarm, AlarmLimits
from meter_infer.errors import ConfigError
from meter_infer.events import AlarmLevel
from meter_infer.plausibility import Hysteresis, MedianWindow
from meter_infer.types import Quality, Reason
from tests.runtime.fakes import reading


def levels(limits: AlarmLimits, values: list[float], period_s: float = 1.0) -> list[str]:
    """Return the level and side after each value."""
    alarm = Alarm(limits)
    seen, now = [], "none"
    for step, value in enumerate(values):
        event = alarm.update(reading(value=value, at_s=step * period_s))
        if event is not None:
            now = f"{event.level.name.lower()} {event.side}" if event.side else "none"
        seen.append(now)
    return seen


def test_two_tiers_on_either_side() -> None:
    limits = AlarmLimits(low_warn=2, low_critical=1, high_warn=8, high_critical=9)
    assert levels(limits, [5, 8, 9.5, 8.5, 5, 2, 0.5, 1.5, 3]) == [
        "none",
        "warn high",
        "critical high",
        "warn high",
        "none",
        "warn low",
        "critical low",
        "warn low",
        "none",
    ]


def test_hysteresis_keeps_a_value_at_the_limit_from_ringing() -> None:
    limits = AlarmLimits(high_warn=8, hysteresis=0.5)
    assert levels(limits, [7.9, 8.0, 7.9, 8.1, 7.6, 7.4, 7.9]) == ["none"] + ["warn high"] * 4 + ["none"] * 2


def test_a_moment_beyond_the_limit_is_no_alarm() -> None:
    limits = AlarmLimits(high_warn=8, min_duration_s=3)
    assert levels(limits, [9, 9, 5, 9, 9, 9, 9]) == ["none"] * 6 + ["warn high"]


def test_what_cannot_be_read_neither_raises_nor_ends_an_alarm() -> None:
    alarm = Alarm(AlarmLimits(high_warn=8))
    assert alarm.update(reading(value=9, quality=Quality.UNCERTAIN)) is None
    assert alarm.update(reading(value=9)) is not None
    bad = replace(reading(value=None), quality=Quality.BAD, reason=Reason.NO_SIGNAL)
    assert alarm.update(bad) is None
    assert alarm.update(reading(value=5, quality=Quality.UNCERTAIN)) is None
    assert alarm.level is AlarmLevel.WARN
    ended = alarm.update(reading(value=5))
    assert ended is not None
    assert (ended.level, ended.side, ended.limit) == (AlarmLevel.NONE, None, None)


@pytest.mark.parametrize(
    "limits",
    [
        {},
        {"low_warn": 5, "high_warn": 4},
        {"high_warn": 5, "high_critical": 4},
        {"low_critical": 2, "low_warn": 1},
        {"high_warn": 5, "hysteresis": -1},
    ],
)
def test_limits_that_contradict_each_other(limits: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        AlarmLimits(**limits)


def test_a_wrong_value_does_not_pass_the_median() -> None:
    window = MedianWindow(5)
    assert [window.add(v, i) for i, v in enumerate([1, 1, 1, 9, 1, 1])] == [1] * 6


def test_a_true_jump_passes_the_median_after_half_a_window() -> None:
    window = MedianWindow(5)
    out = [window.add(v, i) for i, v in enumerate([1, 1, 1, 1, 1, 9, 9, 9])]
    assert out == [1, 1, 1, 1, 1, 1, 1, 9]


def test_after_a_pause_the_old_values_do_not_count() -> None:
    window = MedianWindow(5, pause_s=10)
    for step in range(5):
        window.add(1.0, step)
    assert window.add(9.0, 100) == 9.0


def test_the_median_window_is_bounded() -> None:
    window = MedianWindow(3)
    assert [window.add(float(v), v) for v in range(6)] == [0, 0.5, 1, 2, 3, 4]


def test_hysteresis_holds_small_movements_and_follows_large_ones() -> None:
    hold = Hysteresis(0.5).hold
    assert [hold(v) for v in [1.0, 1.4, 0.6, 1.6, 1.2, 1.0]] == [1.0, 1.0, 1.0, 1.6, 1.6, 1.0]


def test_the_first_good_reading_says_that_there_is_no_alarm() -> None:
    """A retained alarm from before a restart would stand for ever otherwise."""
    first = Alarm(AlarmLimits(high_warn=8)).update(reading(value=5))
    assert first is not None
    assert first.level is AlarmLevel.NONE


def test_after_a_restart_a_standing_alarm_is_not_called_off_while_its_time_runs() -> None:
    alarm = Alarm(AlarmLimits(high_critical=8, min_duration_s=5))
    events = [alarm.update(reading(value=9, at_s=step)) for step in range(7)]
    assert [event.level for event in events if event is not None] == [AlarmLevel.CRITICAL]


def test_a_time_in_which_nothing_could_be_read_is_no_time_beyond_the_limit() -> None:
    alarm = Alarm(AlarmLimits(high_critical=8, min_duration_s=5))
    assert alarm.update(reading(value=5, at_s=0)) is not None
    for at_s, value in ((1, 9), (2, None), (599, None), (600, 9), (601, None), (604, 9)):
        quality = Quality.GOOD if value is not None else Quality.BAD
        assert alarm.update(reading(value=value, at_s=at_s, quality=quality)) is None, at_s
    raised = alarm.update(reading(value=9, at_s=606))
    assert raised is not None
    assert raised.level is AlarmLevel.CRITICAL
