"""When a value is one to wake somebody for: two tiers on either side, hysteresis, a minimum duration."""

from dataclasses import dataclass, field
from itertools import pairwise

from meter_infer.errors import ConfigError
from meter_infer.events import AlarmEvent, AlarmLevel
from meter_infer.types import Quality, Reading


@dataclass(frozen=True, slots=True)
class AlarmLimits:
    """A meter's limits, in its unit. Raises ConfigError where they contradict each other."""

    low_warn: float | None = None
    low_critical: float | None = None
    high_warn: float | None = None
    high_critical: float | None = None
    hysteresis: float = 0.0
    """An alarm ends only when the value is back inside its limit by this much."""
    min_duration_s: float = 0.0
    """A value must be beyond the limit for this long, by the frames' capture times."""

    def __post_init__(self) -> None:
        ladder = [
            (name, limit)
            for name, limit in (
                ("critical low", self.low_critical),
                ("warn low", self.low_warn),
                ("warn high", self.high_warn),
                ("critical high", self.high_critical),
            )
            if limit is not None
        ]
        if not ladder:
            raise ConfigError("An alarm needs at least one limit: low or high, warn or critical.")
        for (name, limit), (above, next_limit) in pairwise(ladder):
            if limit >= next_limit:
                raise ConfigError(
                    f"The alarm limit '{name}' ({limit:g}) must lie below '{above}' ({next_limit:g})."
                )
        if self.hysteresis < 0 or self.min_duration_s < 0:
            raise ConfigError("An alarm's hysteresis and minimum duration cannot be negative.")


UNREAD_S = 60.0
"""A meter that could not be read for so long was not beyond a limit all the while, as far as is known."""


@dataclass(slots=True)
class _Tier:
    """One limit."""

    level: AlarmLevel
    side: str
    limit: float
    active: bool = False
    beyond_since_s: float | None = None

    def update(self, value: float, at_s: float, limits: AlarmLimits) -> None:
        past = value - self.limit if self.side == "high" else self.limit - value
        if self.active:
            self.active = past >= -limits.hysteresis
            if self.active:
                return
        if past < 0:
            self.beyond_since_s = None
            return
        if self.beyond_since_s is None or at_s < self.beyond_since_s:
            self.beyond_since_s = at_s
        self.active = at_s - self.beyond_since_s >= limits.min_duration_s


@dataclass(slots=True)
class Alarm:
    """The alarm of one meter. Only good readings move it: what cannot be read neither raises nor ends one."""

    limits: AlarmLimits
    _tiers: list[_Tier] = field(init=False)
    _good_s: float | None = field(default=None, init=False)
    """When it was last read well."""
    _unread: bool = field(default=False, init=False)
    """It could not be read since."""
    _shown: tuple[AlarmLevel, str | None] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        limits = self.limits
        self._tiers = [
            _Tier(level, side, limit)
            for level, side, limit in (
                (AlarmLevel.CRITICAL, "high", limits.high_critical),
                (AlarmLevel.CRITICAL, "low", limits.low_critical),
                (AlarmLevel.WARN, "high", limits.high_warn),
                (AlarmLevel.WARN, "low", limits.low_warn),
            )
            if limit is not None
        ]

    @property
    def level(self) -> AlarmLevel:
        """The level now."""
        return self._shown[0] if self._shown is not None else AlarmLevel.NONE

    def update(self, reading: Reading) -> AlarmEvent | None:
        """Take a reading; return an event where the level or the side changed.

        The first good reading gives one in any case: whoever remembers an alarm from before a restart
        learns whether it still stands. Beyond a limit, but not yet for long enough, it waits.
        """
        if reading.quality is not Quality.GOOD or reading.value is None:
            self._unread = True
            return None
        at_s = reading.captured_at.timestamp()
        gap_s = 0.0 if self._good_s is None or not self._unread else at_s - self._good_s
        if gap_s > max(UNREAD_S, self.limits.min_duration_s):
            for tier in self._tiers:  # nobody knows whether it stayed beyond the limit
                tier.beyond_since_s = None
        self._good_s, self._unread = at_s, False
        for tier in self._tiers:
            tier.update(reading.value, at_s, self.limits)
        worst = next((tier for tier in self._tiers if tier.active), None)
        shown = (worst.level, worst.side) if worst is not None else (AlarmLevel.NONE, None)
        if shown == self._shown or (self._shown is None and self._is_undecided(shown[0])):
            return None
        self._shown = shown
        return AlarmEvent(
            at=reading.captured_at,
            camera=reading.camera,
            meter=reading.meter,
            level=shown[0],
            side=shown[1],
            limit=worst.limit if worst is not None else None,
            value=reading.value,
            unit=reading.unit,
        )

    def _is_undecided(self, level: AlarmLevel) -> bool:
        """Say whether a value is beyond a limit worse than `level`, but not long enough yet."""
        return any(
            tier.level > level and not tier.active and tier.beyond_since_s is not None for tier in self._tiers
        )
