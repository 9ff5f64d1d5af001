"""What the live service publishes beside readings: the state of its cameras, and alarms."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from meter_infer.types import MeterKind, Reading


class CameraState(StrEnum):
    """How a camera is doing."""

    CONNECTING = "connecting"
    """It has not answered yet."""
    ONLINE = "online"
    """It delivers pictures that change."""
    OFFLINE = "offline"
    """It cannot be reached, or broke off; it is tried again."""
    FROZEN = "frozen"
    """It delivers the same picture over and over."""
    BLACK = "black"
    """It delivers pictures of one brightness."""
    ENDED = "ended"
    """A recording that was read to its end."""


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """A change in a camera's state."""

    at: datetime
    """UTC."""
    camera: str
    state: CameraState
    reason: str
    """One sentence for people; without credentials. Empty where all is well."""

    @property
    def available(self) -> bool:
        """Whether the camera's meters can be read."""
        return self.state is CameraState.ONLINE


class AlarmLevel(IntEnum):
    """How bad it is; the order is the severity."""

    NONE = 0
    WARN = 1
    CRITICAL = 2


@dataclass(frozen=True, slots=True)
class AlarmEvent:
    """A meter's alarm was raised, changed its tier, or ended."""

    at: datetime
    """Capture time of the frame that decided it, UTC."""
    camera: str
    meter: str
    level: AlarmLevel
    side: str | None
    """``low`` or ``high``; None where there is no alarm."""
    limit: float | None
    """The limit that was passed, in the meter's unit."""
    value: float
    """In the meter's unit."""
    unit: str | None


@dataclass(frozen=True, slots=True)
class MeterInfo:
    """What the configuration says of a meter, as far as a sink wants to know it."""

    camera: str
    meter: str
    kind: MeterKind
    unit: str | None
    range: tuple[float, float] | None
    """Values at the scale's first and last mark."""
    cadence_s: float
    """A reading is to be expected at least this often; 0: at every frame."""
    alarms: bool = False
    """Whether it has alarm limits."""
    setup: object = None
    """Where it is read and what its values mean; only to be compared with what was configured before."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """All cameras and meters; published at the start, when it is configured anew and when a meter has ended.

    Meters that nobody configured are among them as long as they are not forgotten.
    """

    at: datetime
    cameras: tuple[str, ...]
    meters: tuple[MeterInfo, ...]


Item = Reading | CameraStatus | AlarmEvent | Inventory
"""What a sink of the live service is given."""
