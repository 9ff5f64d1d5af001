"""Labelled photographs: the JSON that tells what each gauge in a picture shows."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path

from meter_infer.calibration import GREATEST
from meter_infer.errors import LabelError
from meter_infer.types import Box, MeterKind

Point = tuple[float, float]


class Scale(StrEnum):
    """From where a reader knows the values of a gauge's scale."""

    RANGE = "range"
    NUMBERS = "numbers"


_KEYS = frozenset({"kind", "box", "range", "unit", "reading", "scale", "scale_points", "conditions"})
_NEAR = 0.75
"""Likeness of a key to one of those from which it is one of them misspelt."""

COMPRESSED_ZERO = "compressed_zero"
"""Condition of a dial whose first mark stands farther on than a linear scale would begin; linear from the
next."""


class ScaleUse(StrEnum):
    """Which gauges an evaluation scores, and with what it reads them."""

    RANGE = "range"
    """Those with a `range`, with that alone: nobody has calibrated them."""
    CALIBRATED = "calibrated"
    """Those with `scale_points`, calibrated with them."""
    MIXED = "mixed"
    """Those with a `range`, and the non-linear ones calibrated with their `scale_points`."""
    ENDS = "by the ends"
    """Those with a `range`, and the non-linear ones with the values of their ends alone, as from somebody who
    knows no better."""


@dataclass(frozen=True, slots=True)
class GaugeLabel:
    """What a person (or the renderer) says about one gauge. What nobody could read is None."""

    index: int
    """Place among the gauges of its picture, from 0."""
    kind: MeterKind
    box: Box | None
    """Pixels of the picture."""
    range: tuple[float, float] | None
    """Values at the scale's first and last mark, clockwise (a level: lower and upper end)."""
    unit: str | None
    reading: float | None
    """The value it shows, in `unit`."""
    scale_points: tuple[tuple[float, Point], ...]
    """Printed numbers and where they stand: (value, (x, y) in pixels of the picture), as labelled."""
    nonlinear: bool
    """The label says that no straight line leads from the first mark's value to the last's."""
    conditions: tuple[str, ...] | None
    """How it is seen (`tilted`, `dark`, ...) where the label says so; None leaves it to the picture."""

    @property
    def limits(self) -> tuple[float, float] | None:
        """Least and greatest value, from the range or else from the printed numbers; None if unknown."""
        values = self.range if self.range is not None else [value for value, _ in self.scale_points]
        return (min(values), max(values)) if len(values) >= 2 else None

    @property
    def end_values(self) -> tuple[float, float] | None:
        """The range, or of a non-linear gauge the first and the last of its numbers as labelled."""
        if self.range is not None or not self.nonlinear or not self.span:
            return self.range
        return self.scale_points[0][0], self.scale_points[-1][0]

    @property
    def ends(self) -> tuple[Point, Point] | None:
        """Where the scale begins and ends; None where `scale_points` do not hold both ends of `range`."""
        points = dict(self.scale_points)
        if self.range is None or not points.keys() >= set(self.range):
            return None
        start, end = (points[value] for value in self.range)
        return None if start == end else (start, end)

    @property
    def span(self) -> float | None:
        """Width of the scale in `unit`; None if unknown."""
        limits = self.limits
        return None if limits is None else limits[1] - limits[0]

    def lacks(self, use: ScaleUse) -> str | None:
        """Say what is missing for the gauge to take part in the figures of `use`; None where it does."""
        if self.scale_for(use) is not None:
            return None
        if self.box is None:
            return "box"
        if self.reading is None:
            return "reading"
        return "scale_points" if use is ScaleUse.CALIBRATED else "range"

    def scale_for(self, use: ScaleUse) -> Scale | None:
        """Return how the gauge is read under `use`; None where it takes no part in the figures.

        It needs a box and a reading, and its `range` or at least two `scale_points`.
        """
        if self.box is None or self.reading is None or not self.span:
            return None
        numbered = Scale.NUMBERS if len(self.scale_points) >= 2 else None
        if use is ScaleUse.CALIBRATED:
            return numbered
        if self.range is not None or (use is ScaleUse.ENDS and self.end_values is not None):
            return Scale.RANGE
        return numbered if use is ScaleUse.MIXED and self.nonlinear else None


@dataclass(frozen=True, slots=True)
class PictureLabel:
    """One labelled picture. Without gauges it is a negative."""

    path: Path
    name: str
    """The file as the label file writes it."""
    gauges: tuple[GaugeLabel, ...]


def misspelt_keys(path: Path) -> list[str]:
    """Return what stands in a label file that `load_labels` reads in place of a key of the format.

    Each is "'readng' (3 times; 'reading'?)". Other keys belong to somebody else, and are none of these.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for item in json.loads(path.read_text(encoding="utf-8"))["images"]:
        for gauge in item.get("gauges", []):
            for key in gauge.keys() - _KEYS:
                near = get_close_matches(key.lower(), _KEYS - gauge.keys(), n=1, cutoff=_NEAR)
                counts.update((key, each) for each in near)
    return [
        f"'{key}' ({'once' if count == 1 else f'{count} times'}; '{near}'?)"
        for (key, near), count in counts.items()
    ]


def load_labels(path: Path) -> tuple[PictureLabel, ...]:
    """Read a label file `{"images": [{"file", "gauges": [...]}]}`; files are relative to its folder.

    Raises LabelError, naming the picture and the key, where something cannot be used.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise LabelError(f"The label file {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise LabelError(f"{path} is no text; name a label file, see docs/labels.md.") from error
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise LabelError(
            f"{path} is not JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        ) from error
    except (RecursionError, ValueError) as error:  # nested without end; a number of thousands of digits
        raise LabelError(f"{path} cannot be read as JSON; name a label file, see docs/labels.md.") from error
    images = content.get("images") if isinstance(content, dict) else None
    if not isinstance(images, list):
        raise LabelError(
            f"{path} has no list 'images'; expected {{'images': [{{'file': ..., 'gauges': [...]}}]}}."
        )
    return tuple(_picture(path, index, item) for index, item in enumerate(images))


def _picture(path: Path, index: int, item: object) -> PictureLabel:
    where = f"{path}: images[{index}]"
    if not isinstance(item, dict) or not isinstance(item.get("file"), str):
        raise LabelError(f"{where} has no 'file'; every picture needs its file name.")
    name = item["file"]
    gauges = item.get("gauges", [])
    if not isinstance(gauges, list):
        raise LabelError(f"{where} ({name}): 'gauges' is not a list.")
    labels = tuple(_gauge(f"{where} ({name}), gauges[{i}]", i, gauge) for i, gauge in enumerate(gauges))
    return PictureLabel(path=path.parent / name, name=name, gauges=labels)


def _gauge(where: str, index: int, item: object) -> GaugeLabel:
    if not isinstance(item, dict):
        raise LabelError(f"{where} is not an object.")
    try:
        kind = MeterKind(item.get("kind", ""))
    except ValueError as error:
        raise LabelError(f"{where}: 'kind' must be 'pointer' or 'level'.") from error
    numbers = None if item.get("box") is None else _numbers(where, "box", item["box"], 4)
    if numbers is not None and not (numbers[0] < numbers[2] and numbers[1] < numbers[3]):
        raise LabelError(f"{where}: 'box' must be [x1, y1, x2, y2] with x1 < x2 and y1 < y2.")
    ends = None if item.get("range") is None else _numbers(where, "range", item["range"], 2)
    if ends is not None and ends[0] == ends[1]:
        raise LabelError(f"{where}: 'range' has no width.")
    reading = None if item.get("reading") is None else _number(where, "reading", item["reading"])
    conditions = item.get("conditions")
    if conditions is not None and not (
        isinstance(conditions, list) and all(isinstance(name, str) for name in conditions)
    ):
        raise LabelError(f"{where}: 'conditions' must be a list of names.")
    unit = item.get("unit")
    return GaugeLabel(
        index=index,
        kind=kind,
        box=None if numbers is None else Box(*numbers),
        range=None if ends is None else (ends[0], ends[1]),
        unit=unit if isinstance(unit, str) else None,
        reading=reading,
        scale_points=_scale_points(where, item.get("scale_points")),
        nonlinear=item.get("scale") == "nonlinear",
        conditions=None if conditions is None else tuple(conditions),
    )


def _scale_points(where: str, item: object) -> tuple[tuple[float, Point], ...]:
    if item is None:
        return ()
    if not isinstance(item, Mapping):
        raise LabelError(f"{where}: 'scale_points' must map printed numbers to [x, y].")
    points = []
    for key, place in item.items():
        try:
            value = float(key)
        except ValueError as error:
            raise LabelError(f"{where}: the key {key!r} of 'scale_points' is not a number.") from error
        _number(where, f"scale_points[{key!r}]", value)
        x, y = _numbers(where, f"scale_points[{key!r}]", place, 2)
        points.append((value, (x, y)))
    return tuple(points)


def _number(where: str, key: str, item: object) -> float:
    if isinstance(item, bool) or not isinstance(item, int | float):
        raise LabelError(f"{where}: '{key}' is not a number.")
    if not abs(item) <= GREATEST:
        raise LabelError(
            f"{where}: '{key}' is no number that a gauge shows; leave it out where nobody knows it."
        )
    return float(item)


def _numbers(where: str, key: str, item: object, count: int) -> list[float]:
    if not isinstance(item, list) or len(item) != count:
        raise LabelError(f"{where}: '{key}' must be a list of {count} numbers.")
    return [_number(where, key, entry) for entry in item]
