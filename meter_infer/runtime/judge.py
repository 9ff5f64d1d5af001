"""What becomes of readings before they are published: median, hysteresis, alarms, and frozen pictures."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from meter_infer.alarms import Alarm
from meter_infer.events import AlarmEvent, AlarmLevel, Item
from meter_infer.pipeline import MeterSetup
from meter_infer.plausibility import Hysteresis, MedianWindow
from meter_infer.runtime.settings import MeterRules
from meter_infer.types import Frame, Quality, Reading, Reason

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Meter:
    rules: MeterRules
    setup: MeterSetup | None = None
    median: MedianWindow = field(init=False)
    hysteresis: Hysteresis = field(init=False)
    alarm: Alarm | None = field(init=False)
    alarmed: bool = False

    def __post_init__(self) -> None:
        self.median = MedianWindow(self.rules.median, self.rules.pause_s)
        self.hysteresis = Hysteresis(self.rules.hysteresis)
        self.alarm = Alarm(self.rules.alarms) if self.rules.alarms is not None else None


class Judge:
    """Applies each meter's rules. Used by the reading loop's thread only.

    Only good readings are smoothed and may raise an alarm; `raw` is never touched. A reading from a
    picture that does not change any more is `bad/stale`, whatever it shows.
    """

    def __init__(
        self,
        frozen: Callable[[str], bool],
        keep: Callable[[Sequence[Frame], Sequence[Item]], None] | None = None,
    ) -> None:
        """`frozen(camera)` says whether its picture stands still; `keep` sees frames and their items."""
        self._frozen = frozen
        self._keep = keep
        self._meters: dict[tuple[str, str], _Meter] = {}

    def configure(
        self, camera: str, rules: Mapping[str, MeterRules], setups: Sequence[MeterSetup] = ()
    ) -> None:
        """Replace a camera's rules; meters of which nothing changed keep their state.

        Values in another unit, or of another place, are no neighbours of those that came before.
        """
        known_as = {setup.meter: setup for setup in setups}
        before = {key: meter for key, meter in self._meters.items() if key[0] == camera}
        for key in before:
            del self._meters[key]
        for name, rule in rules.items():
            known = before.get((camera, name))
            fresh = _Meter(rule, known_as.get(name))
            same = known is not None and (known.rules, known.setup) == (fresh.rules, fresh.setup)
            self._meters[camera, name] = known if known is not None and same else fresh

    def __call__(self, frames: Sequence[Frame], readings: Sequence[Reading]) -> list[Item]:
        """Return what to publish of a batch, each alarm after the reading that decided it."""
        items: list[Item] = []
        for reading in readings:
            meter = self._meters.get((reading.camera, reading.meter))
            judged = self._judged(reading, meter)
            items.append(judged)
            event = meter.alarm.update(judged) if meter is not None and meter.alarm is not None else None
            if meter is not None and event is not None:
                items.append(event)
                _tell(event, meter.alarmed)
                meter.alarmed = event.level is not AlarmLevel.NONE
        if self._keep is not None:
            self._keep(frames, items)
        return items

    def _judged(self, reading: Reading, meter: _Meter | None) -> Reading:
        if self._frozen(reading.camera) and reading.reason is not Reason.NO_SIGNAL:
            return replace(
                reading, value=None, raw=None, fraction=None, quality=Quality.BAD, reason=Reason.STALE
            )
        if meter is None or reading.quality is not Quality.GOOD or reading.value is None:
            return reading
        smooth = meter.median.add(reading.value, reading.captured_at.timestamp())
        return replace(reading, value=meter.hysteresis.hold(smooth))


def _tell(event: AlarmEvent, alarmed: bool) -> None:
    """Log an alarm that began, changed or ended: whoever has no broker learns of it here."""
    unit = f" {event.unit}" if event.unit else ""
    where = f"{event.camera}/{event.meter}"
    if event.limit is not None:
        way = "above" if event.side == "high" else "below"
        level, value, limit = event.level.name.lower(), f"{event.value:g}{unit}", f"{event.limit:g}{unit}"
        logger.warning("Alarm (%s): %s is %s, %s its limit of %s.", level, where, value, way, limit)
    elif alarmed:
        logger.info("The alarm of %s has ended: it is %g%s.", where, event.value, unit)
