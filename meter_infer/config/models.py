"""The shape of a site file. Every key that may stand in it is a field here."""

import math
from itertools import combinations
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, GetJsonSchemaHandler, Tag, ValidationInfo, model_validator
from pydantic import field_validator as check
from pydantic_core import CoreSchema

from meter_infer.calibration import LEAST_SPREAD, NEAREST_PX, Calibration
from meter_infer.config.fields import BoxNumbers, Duration, Every, Id, Number, Pixel, Range, Text, Url
from meter_infer.config.live import AlarmsConfig, EvidenceConfig, HttpConfig, ReadingConfig, SinksConfig
from meter_infer.config.section import Section as _Section
from meter_infer.errors import CalibrationError
from meter_infer.types import Box, MeterKind

_FRACTIONS = (-0.5, 1.5)
"""Where points may stand: the last number need not be at the last mark."""


class FractionPoint(_Section):
    """Which value stands at which fraction of the scale's arc."""

    fraction: Annotated[Number, Field(ge=_FRACTIONS[0], le=_FRACTIONS[1])]
    """0 at the scale's first mark, 1 at its last."""
    value: Number

    @check("fraction", mode="before")
    @classmethod
    def _is_a_share(cls, fraction: Any) -> Any:
        low, high = _FRACTIONS
        if isinstance(fraction, (int, float)) and not low <= fraction <= high:
            raise ValueError(
                f"is {fraction:g}; the first number of a point is its fraction of the scale, 0 at the first "
                "mark and 1 at the last; for a mark's place in the picture write {at: [x, y], value: v}"
            )
        return fraction

    @model_validator(mode="before")
    @classmethod
    def _pair(cls, data: Any) -> Any:
        if isinstance(data, (list, tuple)):
            if len(data) != 2:
                raise ValueError("must be [fraction, value], {fraction, value} or {at: [x, y], value}")
            return {"fraction": data[0], "value": data[1]}
        return data

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        pair = {"type": "array", "prefixItems": [{"type": "number"}] * 2, "minItems": 2, "maxItems": 2}
        return {"anyOf": [pair, handler(core)]}


class PixelPoint(_Section):
    """Which value stands where in the camera's picture."""

    at: Pixel
    """x and y in pixels of the picture."""
    value: Number

    @check("at")
    @classmethod
    def _is_in_picture(cls, at: tuple[float, float]) -> tuple[float, float]:
        if min(at) < 0:
            raise ValueError("lies outside the picture, whose upper left corner is [0, 0]")
        return at


# what pydantic puts into the place of an error: names that can be no key
FRACTION_POINT, PIXEL_POINT = "<fraction>", "<pixel>"


def _kind_of_point(data: Any) -> str:
    named = isinstance(data, dict) and "at" in data
    return PIXEL_POINT if named or isinstance(data, PixelPoint) else FRACTION_POINT


CalibrationPoint = Annotated[
    Annotated[FractionPoint, Tag(FRACTION_POINT)] | Annotated[PixelPoint, Tag(PIXEL_POINT)],
    Discriminator(_kind_of_point),
]


_RANGE_TOLERANCE = 0.05
"""By how much of its width the points may pass a `range`: the last number need not be the last mark."""


_LEAST_WIDTH = 1e-9
"""Of a range, as a share of its ends: a narrower one is lost in the rounding of its values."""
_FARTHEST_PX = 1_000_000
"""No picture is as wide."""


class MeterConfig(_Section):
    """One instrument in front of a camera."""

    kind: MeterKind
    """`pointer`: a round gauge; `level`: a sight glass or level tube."""
    range: Range | None = None
    """The values at the scale's first and last mark, clockwise (a level: bottom and top)."""
    unit: Text | None = None
    box: BoxNumbers | None = None
    """Roughly where it is in the picture: x1, y1, x2, y2 in pixels."""
    calibration: Annotated[list[CalibrationPoint], Field(min_length=2)] | None = None
    """What is printed where on the scale: the surer way for any meter, the only one for a scale that is not
    linear. Overrules `range`, and lies within it where both are given."""
    max_rate: Annotated[Number, Field(gt=0)] | None = None
    """The fastest change to be believed at once, in units a second."""
    median: Annotated[int, Field(ge=1, le=99)] = 1
    """The value is the median of this many good readings."""
    hysteresis: Annotated[Number, Field(ge=0)] = 0.0
    """The value stays where it is until it moved by more than this, in the unit."""
    alarms: AlarmsConfig | None = None

    @check("range")
    @classmethod
    def _has_width(cls, ends: tuple[float, float] | None) -> tuple[float, float] | None:
        if ends is None:
            return None
        wanted = "give the values at the first and the last mark"
        if ends[0] == ends[1]:
            raise ValueError(f"has no width: both ends are {ends[0]:g}; {wanted}")
        if abs(ends[0] - ends[1]) < _LEAST_WIDTH * max(1.0, *map(abs, ends)):
            raise ValueError(f"is too narrow: {ends[0]:.15g} and {ends[1]:.15g} are hardly apart; {wanted}")
        return ends

    @check("box")
    @classmethod
    def _has_area(cls, box: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if box is not None and (box[0] >= box[2] or box[1] >= box[3]):
            raise ValueError("must be [x1, y1, x2, y2] with x1 below x2 and y1 below y2, pixels")
        if box is not None and max(map(abs, box)) > _FARTHEST_PX:
            raise ValueError(
                f"reaches farther than any picture, {_FARTHEST_PX:,} pixels; give pixels of the picture"
            )
        return box

    @check("calibration")
    @classmethod
    def _is_function(cls, points: list[CalibrationPoint] | None) -> list[CalibrationPoint] | None:
        pixels = [point for point in points or () if isinstance(point, PixelPoint)]
        if points and pixels:
            if len(pixels) < len(points):
                raise ValueError("mixes points with `at` and points with `fraction`; use one kind")
            if len({point.at for point in pixels}) < len(pixels):
                raise ValueError("has two points at the same place")
            if len({point.value for point in pixels}) < len(pixels):
                raise ValueError("has two points with the same value")
        elif points:
            try:
                _curve(points)
            except CalibrationError as error:
                raise ValueError(str(error).rstrip(".")) from error
        return points

    @check("calibration")
    @classmethod
    def _is_measurable(cls, points: list[CalibrationPoint] | None) -> list[CalibrationPoint] | None:
        pixels = [point for point in points or () if isinstance(point, PixelPoint)]
        for one, two in combinations(pixels, 2):
            if (apart := math.dist(one.at, two.at)) < NEAREST_PX:
                raise ValueError(
                    f"has the values {one.value:g} and {two.value:g} {apart:.2g} px apart; a click may be "
                    f"off by as much; leave out one of them, or give points at least {NEAREST_PX:g} px apart"
                )
        fractions = [point.fraction for point in points or () if isinstance(point, FractionPoint)]
        if fractions and max(fractions) - min(fractions) < LEAST_SPREAD:
            raise ValueError(
                f"spans only {100 * (max(fractions) - min(fractions)):.2g} % of the scale; "
                "give points that are farther apart"
            )
        return points

    @check("calibration")
    @classmethod
    def _fits_range(
        cls, points: list[CalibrationPoint] | None, info: ValidationInfo
    ) -> list[CalibrationPoint] | None:
        if points and (ends := info.data.get("range")):
            low, high = min(ends), max(ends)
            room = _RANGE_TOLERANCE * (high - low)
            beyond = [p.value for p in points if not low - room <= p.value <= high + room]
            if beyond:
                raise ValueError(
                    f"has the value {beyond[0]:g}, which is not on the scale that `range` gives "
                    f"({ends[0]:g} to {ends[1]:g}); correct one of the two"
                )
        return points

    @check("alarms")
    @classmethod
    def _can_fire(cls, alarms: AlarmsConfig | None, info: ValidationInfo) -> AlarmsConfig | None:
        # where one of the two is itself a mistake, that is said
        known = all(key in info.data for key in ("range", "calibration"))
        if alarms is not None and known and not (info.data["range"] or info.data["calibration"]):
            raise ValueError("never fires: without `range` or `calibration` the meter has no value; give one")
        return alarms

    @property
    def scale(self) -> Calibration | None:
        """From fraction to value, as far as it is known without the picture."""
        if self.calibration and not self.pixel_points:
            return _curve(self.calibration)
        return Calibration.from_range(self.range) if self.range else None

    @property
    def pixel_points(self) -> tuple[tuple[float, tuple[float, float]], ...] | None:
        """(value, (x, y)) of the marks that were clicked in the picture; None without any."""
        points = [point for point in self.calibration or () if isinstance(point, PixelPoint)]
        return tuple((point.value, point.at) for point in points) or None

    @property
    def place(self) -> Box | None:
        """The box, if one is given."""
        return Box(*self.box) if self.box else None


def _curve(points: list[CalibrationPoint]) -> Calibration:
    return Calibration(tuple((p.fraction, p.value) for p in points if isinstance(p, FractionPoint)))


_SAME_PLACE = 0.6
"""Intersection over union from which two boxes are of one instrument."""


class CameraConfig(_Section):
    """One camera and what hangs in front of it."""

    url: Url
    """rtsp://..., http://..., or the path of a recording, from the site file's folder."""
    transport: Literal["tcp", "udp"] = "tcp"
    """How RTSP carries the pictures."""
    every: Every | None = None
    """This camera's own `reading.every`."""
    frozen_after: Duration = 60.0
    """The same picture, bit by bit, for this long is a frozen camera; 0: never."""
    meters: dict[Id, MeterConfig] = Field(default_factory=dict)

    @check("meters", mode="before")
    @classmethod
    def _none_yet(cls, meters: Any) -> Any:
        return {} if meters is None else meters

    @check("meters")
    @classmethod
    def _apart(cls, meters: dict[str, MeterConfig]) -> dict[str, MeterConfig]:
        placed = [(name, meter.place) for name, meter in meters.items() if meter.place is not None]
        for (one, box), (other, second) in combinations(placed, 2):
            if box.iou(second) > _SAME_PLACE:
                raise ValueError(
                    f"has {one} and {other} at one place; an instrument gives one reading: keep one of them"
                )
        return meters


class SiteModel(_Section):
    """A site file: cameras with their meters, and where the readings go."""

    cameras: Annotated[dict[Id, CameraConfig], Field(min_length=1)]
    reading: ReadingConfig = ReadingConfig()
    sinks: SinksConfig = SinksConfig()
    evidence: EvidenceConfig | None = None
    http: HttpConfig | None = None
