"""The types that every layer shares: frames, detections, segments, readings.

Pixel coordinates are continuous: pixel (column i, row j) covers [i, i+1) x [j, j+1) and its
centre lies at (i + 0.5, j + 0.5). x runs right, y runs down, so a positive angle, measured with
``atan2(y, x)``, runs clockwise on the screen.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]
"""One plane of brightness: uint8 (height, width)."""


class MeterKind(StrEnum):
    """What an instrument shows its value with. The order is the detector's class order."""

    POINTER = "pointer"
    LEVEL = "level"


class SegmentClass(IntEnum):
    """Classes of the segmentation network, in the order of its outputs.

    The last five are landmarks: small discs whose box centre is the point.
    """

    POINTER = 0
    """The pointer from its tip to the end of its tail."""
    SCALE = 1
    """The band of the graduation, from the first to the last mark."""
    LIQUID = 2
    """The liquid (or the coloured half of a bicolour indicator) inside the tube."""
    TUBE = 3
    """The transparent part of a level gauge, liquid or not."""
    START = 4
    """Where the scale begins: the first mark clockwise, or the bottom of a level's scale."""
    END = 5
    """Where the scale ends: the last mark clockwise, or the top of a level's scale."""
    PIVOT = 6
    """The pointer's axis of rotation, as it is seen (at the pointer's own height)."""
    TIP = 7
    """The pointer's tip."""
    SURFACE = 8
    """The middle of the liquid's surface in a level gauge."""


class ColorMatrix(StrEnum):
    """How Y, U and V become R, G and B (ITU-R BT.601 or BT.709; limited or full range)."""

    BT601_LIMITED = "bt601-limited"
    BT601_FULL = "bt601-full"
    BT709_LIMITED = "bt709-limited"
    BT709_FULL = "bt709-full"


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Frame:
    """One decoded picture, kept as YUV 4:2:0 so that colour is converted only where it is needed."""

    camera: str
    """Id of the camera, from the configuration or made from the source's name."""
    index: int
    """Place in its source, counted from 0 at the first decoded frame."""
    captured_at: datetime
    """When the picture was taken: timezone-aware UTC."""
    luma: Luma
    """Y plane, uint8 (height, width); may be a view with a row stride."""
    chroma: tuple[NDArray[np.uint8], NDArray[np.uint8]] | None = None
    """U and V planes, each uint8 (ceil(height/2), ceil(width/2)); None for a grey picture."""
    matrix: ColorMatrix = ColorMatrix.BT601_FULL
    """How to turn the planes into colours."""
    received_s: float = 0.0
    """`time.monotonic()` at arrival, for latencies. Seconds."""

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.luma.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.luma.shape[0])


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-parallel box in continuous pixel coordinates, x1 < x2 and y1 < y2."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.y2 - self.y1

    @property
    def center(self) -> tuple[float, float]:
        """Centre (x, y)."""
        return (self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2

    @property
    def area(self) -> float:
        """Area in square pixels."""
        return self.width * self.height

    def contains(self, point: tuple[float, float]) -> bool:
        """Say whether a point (x, y) lies in it."""
        return self.x1 <= point[0] <= self.x2 and self.y1 <= point[1] <= self.y2

    def scaled(self, x: float, y: float) -> "Box":
        """Return the box in a picture of other pixels, `x` times as many across and `y` times down."""
        return Box(x * self.x1, y * self.y1, x * self.x2, y * self.y2)

    def iou(self, other: "Box") -> float:
        """Intersection over union with another box, 0 to 1."""
        width = min(self.x2, other.x2) - max(self.x1, other.x1)
        height = min(self.y2, other.y2) - max(self.y1, other.y1)
        if width <= 0 or height <= 0:
            return 0.0
        inter = width * height
        return inter / (self.width * self.height + other.width * other.height - inter)


@dataclass(frozen=True, slots=True)
class Detection:
    """A meter that the detection network found in a frame."""

    kind: MeterKind
    box: Box
    """In pixels of the frame."""
    score: float
    """0 to 1."""


@dataclass(frozen=True, slots=True)
class Mask:
    """A soft mask on a regular grid that may be coarser than the frame.

    Cell (column i, row j) is centred, in frame pixels, on
    ``(origin[0] + (i + 0.5) * pitch, origin[1] + (j + 0.5) * pitch)``.
    """

    values: NDArray[np.float32]
    """float32 (rows, columns), probabilities 0 to 1."""
    origin: tuple[float, float]
    """Upper left corner of the grid, frame pixels (x, y)."""
    pitch: float
    """Frame pixels a cell."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One thing the segmentation network found in a meter's crop."""

    label: SegmentClass
    box: Box
    """In pixels of the frame. For a landmark its centre is the point."""
    score: float
    """0 to 1."""
    mask: Mask | None
    """None for landmarks."""


class Quality(StrEnum):
    """How far a reading may be trusted, as in OPC UA."""

    GOOD = "good"
    UNCERTAIN = "uncertain"
    BAD = "bad"


class Reason(StrEnum):
    """Why a reading has its quality. A closed list."""

    OK = "ok"
    NO_SIGNAL = "no_signal"
    NO_METER = "no_meter"
    NO_POINTER = "no_pointer"
    OCCLUDED = "occluded"
    BLURRED = "blurred"
    GLARE = "glare"
    OFF_SCALE = "off_scale"
    IMPLAUSIBLE_RATE = "implausible_rate"
    CAMERA_MOVED = "camera_moved"
    DISAGREEMENT = "disagreement"
    UNCALIBRATED = "uncalibrated"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Reading:
    """What one meter showed in one frame, and how far that may be trusted."""

    captured_at: datetime
    """When the frame was taken (not when it was processed), timezone-aware UTC."""
    camera: str
    meter: str
    kind: MeterKind
    value: float | None
    """The accepted reading in `unit`; None where there is none. Never a sentinel."""
    unit: str | None
    raw: float | None
    """What this frame alone said, before plausibility."""
    fraction: float | None
    """Position on the scale, 0 at its first mark and 1 at its last; may pass either end a little."""
    quality: Quality
    reason: Reason
    confidence: float
    """0 to 1."""
    frame: int
    """Index of the frame in its source."""
    latency_ms: float
    """From the frame's arrival to this reading, milliseconds."""
    box: Box | None = None
    """Where the meter was seen, pixels of the frame."""
