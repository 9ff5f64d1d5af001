"""Which readings are worth a row: one in a while, and each change of quality."""

from dataclasses import dataclass, field

from meter_infer.types import Quality, Reading, Reason

Mark = tuple[float, Quality, Reason]
"""Capture time (s), quality and reason of a row."""
Marks = dict[tuple[str, str], Mark]
"""The last row of each meter, by camera and meter."""


def mark_of(reading: Reading) -> Mark:
    """Return the mark of a reading that gets a row."""
    return reading.captured_at.timestamp(), reading.quality, reading.reason


@dataclass(slots=True)
class Pace:
    """One row a meter in each `every_s` of the clock, and one at each change of quality; 0: every reading.

    What was chosen counts only once it is written: `written` then takes the marks that `is_due` made.
    """

    every_s: float
    _marks: Marks = field(default_factory=dict, init=False)

    def is_due(self, reading: Reading, marks: Marks) -> bool:
        """Say whether a reading gets a row; if so, mark it in `marks`."""
        key = reading.camera, reading.meter
        last = marks.get(key) or self._marks.get(key)
        mark = mark_of(reading)
        # by whole periods of the clock, so that the rhythm does not drift with the frames
        if last is not None and self.every_s and mark[0] // self.every_s == last[0] // self.every_s:
            due = mark[1:] != last[1:]
        else:
            due = True
        if due:
            marks[key] = mark
        return due

    def written(self, marks: Marks) -> None:
        """Take note of rows that were written."""
        self._marks |= marks
