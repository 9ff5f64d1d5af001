"""What the live service is told, in its own words; `service` makes them from a site file."""

from dataclasses import dataclass, field

from meter_infer.alarms import AlarmLimits
from meter_infer.pipeline import MeterSetup
from meter_infer.sources.address import Address


@dataclass(frozen=True, slots=True)
class MeterRules:
    """What is done with a meter's readings after they were read."""

    median: int = 1
    """The value is the median of this many good readings; 1: each stands for itself."""
    hysteresis: float = 0.0
    """The value stays where it is until it moved by more than this, in the meter's unit."""
    alarms: AlarmLimits | None = None
    pause_s: float = 60.0
    """After so long without a good reading the median begins anew."""


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """One camera."""

    camera: str
    address: Address
    meters: tuple[MeterSetup, ...] = ()
    rules: dict[str, MeterRules] = field(default_factory=dict)
    """By meter; one without has none."""
    transport: str = "tcp"
    """How RTSP carries the pictures: ``tcp`` or ``udp``."""
    cadence_s: float = 0.0
    """One frame is read in this many seconds; 0: every frame there is time for."""
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 4.0
    """A live stream that sends nothing for this long is hung up and called again."""
    retry_limit_s: float = 2.0
    """Longest pause between two attempts to connect."""
    denied_retry_s: float = 60.0
    """Pause after a refused password: cameras lock accounts that knock too often."""
    silent_after_s: float = 3.0
    """Without a frame for this long its meters are reported ``bad/no_signal``."""
    frozen_after_s: float = 60.0
    """The same picture, bit by bit, for this long is a frozen one; 0: never."""
    black_after_s: float = 3.0
    """Pictures of one brightness for this long are a dead camera; 0: never."""

    @property
    def alarmed(self) -> frozenset[str]:
        """The meters that have alarm limits."""
        return frozenset(meter for meter, rules in self.rules.items() if rules.alarms is not None)


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """What one batch may hold."""

    max_frames: int = 8
    window_s: float = 0.03
    """How long a batch waits for further cameras after its first frame."""
    staleness_s: float = 2.0
    """A live frame older than this is not worth reading any more."""
    backlog: int = 1
    """Frames of a live camera that may wait; the oldest give way. 1: the newest alone."""


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """The live service without its sinks."""

    cameras: tuple[CameraSettings, ...] = ()
    batch: BatchLimits = field(default_factory=BatchLimits)
    stuck_after_s: float = 60.0
    """A batch that takes longer than this is a hanging inference engine."""
    stop_within_s: float = 4.5
    """Everything is flushed and joined within this time."""
    lanes: int = 1
    """Threads that read side by side, each another camera's frames."""
    queue_size: int = 60_000
    """Items that may wait for one sink; the oldest are dropped beyond that, and counted."""
