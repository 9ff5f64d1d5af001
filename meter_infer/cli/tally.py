"""What a run has read so far, meter by meter."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from meter_infer.types import Quality, Reading


@dataclass(slots=True)
class MeterTally:
    """The readings of one meter."""

    last: Reading
    count: int = 0
    good: int = 0
    bad: int = 0
    numbers: int = 0
    """How many had a number: a value, or a fraction where there is no range."""
    total: float = 0.0
    low: float = float("inf")
    high: float = float("-inf")

    def add(self, reading: Reading) -> None:
        """Count one more reading."""
        self.last = reading
        self.count += 1
        self.good += reading.quality is Quality.GOOD
        self.bad += reading.quality is Quality.BAD
        number = number_of(reading)
        if number is not None:
            self.numbers += 1
            self.total += number
            self.low, self.high = min(self.low, number), max(self.high, number)

    @property
    def mean(self) -> float | None:
        """Mean of the numbers; None without any."""
        return self.total / self.numbers if self.numbers else None


@dataclass(slots=True)
class Tally:
    """The readings of a run."""

    frames: int = 0
    meters: dict[tuple[str, str], MeterTally] = field(default_factory=dict)
    """By camera and meter, in the order in which they were first read."""

    def add(self, readings: Sequence[Reading]) -> None:
        """Count one frame with its readings."""
        self.frames += 1
        for reading in readings:
            key = reading.camera, reading.meter
            if key not in self.meters:
                self.meters[key] = MeterTally(reading)
            self.meters[key].add(reading)

    @property
    def count(self) -> int:
        """Number of readings."""
        return sum(meter.count for meter in self.meters.values())

    @property
    def good(self) -> int:
        """Number of good readings."""
        return sum(meter.good for meter in self.meters.values())

    @property
    def bad(self) -> int:
        """Number of bad readings."""
        return sum(meter.bad for meter in self.meters.values())


def number_of(reading: Reading) -> float | None:
    """Return the value, or the fraction in % of the scale where there is no value."""
    if reading.value is not None:
        return reading.value
    return None if reading.fraction is None else reading.fraction * 100
