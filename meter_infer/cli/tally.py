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
    rank: int = 0
    """The best number so far: 3 a good value, 2 a value, 1 a fraction. Others are not among the numbers: a
    doubtful one would be the highest or the lowest, and a fraction has another unit."""
    numbers: int = 0
    """How many had a number of that rank."""
    total: float = 0.0
    low: float = float("inf")
    high: float = float("-inf")

    def add(self, reading: Reading) -> None:
        """Count one more reading."""
        self.last = reading
        self.count += 1
        self.good += reading.quality is Quality.GOOD
        self.bad += reading.quality is Quality.BAD
        rank = _rank(reading)
        if rank > self.rank:
            self.rank = rank
            self.numbers, self.total, self.low, self.high = 0, 0.0, float("inf"), float("-inf")
        number = self.number_of(reading)
        if number is not None and rank == self.rank:
            self.numbers += 1
            self.total += number
            self.low, self.high = min(self.low, number), max(self.high, number)

    def number_of(self, reading: Reading) -> float | None:
        """Return a reading's number: the value, or % of the scale where no reading has one; None without."""
        if self.rank > 1 or reading.fraction is None:
            return reading.value
        return reading.fraction * 100

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


def _rank(reading: Reading) -> int:
    if reading.value is not None:
        return 3 if reading.quality is Quality.GOOD else 2
    return int(reading.fraction is not None)
