"""The sections of a site file for the live service: cadence, sinks, alarms, evidence, status page."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic import field_validator as check

from meter_infer.alarms import AlarmLimits
from meter_infer.config.fields import Duration, Every, Listen, Number, Port, Text
from meter_infer.config.section import Section
from meter_infer.errors import ConfigError

Positive = Annotated[Number, Field(gt=0)]
NotNegative = Annotated[Number, Field(ge=0)]


class TiersConfig(Section):
    """The limits on one side, in the meter's unit."""

    warn: Number | None = None
    critical: Number | None = None


class AlarmsConfig(Section):
    """When a meter's value is one to wake somebody for."""

    low: TiersConfig = TiersConfig()
    high: TiersConfig = TiersConfig()
    hysteresis: NotNegative = 0.0
    """An alarm ends when the value is back inside its limit by this much."""
    min_duration: Duration = 0.0
    """The value must be beyond the limit for this long."""

    @model_validator(mode="after")
    def _is_ladder(self) -> Self:
        try:
            self.limits  # noqa: B018  # raises where they contradict each other
        except ConfigError as error:
            raise ValueError(str(error).rstrip(".")) from error
        return self

    @property
    def limits(self) -> AlarmLimits:
        """The limits as the alarm wants them."""
        return AlarmLimits(
            self.low.warn,
            self.low.critical,
            self.high.warn,
            self.high.critical,
            self.hysteresis,
            self.min_duration,
        )


class ReadingConfig(Section):
    """How often frames are read and the networks look, and how much at a time."""

    every: Every = 0.0
    """One frame of each camera is read in this time; `frame`: every frame there is time for."""
    cadence: Every = 1.0
    """The networks verify one frame of each camera in this time; `frame`: every frame that is read."""
    max_batch: Annotated[int, Field(ge=1, le=64)] = 8
    """Frames in a batch, at most."""
    window: Duration = 0.03
    """How long a batch waits for further cameras."""
    staleness: Duration = 2.0
    """A frame older than this is not worth reading any more."""
    positions: Path = Path("meter_infer-positions.json")
    """Where meters calibrated by points stood: tells the next start whether a camera was moved meanwhile."""


class CsvConfig(Section):
    """Readings to CSV files, one a day."""

    directory: Path
    every: Every = 1.0
    max_mb: Annotated[Number, Field(gt=0)] | None = None
    """A file of this size is followed by another one of the same day."""


class TlsConfig(Section):
    """An encrypted connection; `tls: {}` trusts the system's authorities."""

    ca: Path | None = None
    """Certificate of the authority that signed the broker's."""
    certificate: Path | None = None
    key: Path | None = None

    @model_validator(mode="after")
    def _pair(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("needs both certificate and key, or neither")
        return self


class OutboxConfig(Section):
    """Where readings wait while the broker is away."""

    path: Path = Path("meter_infer-outbox.db")
    max_messages: Annotated[int, Field(ge=1)] = 200_000
    drop: Literal["oldest", "newest"] = "oldest"
    """What gives way when it is full."""


class MqttConfig(Section):
    """Readings to an MQTT broker."""

    host: Text
    port: Port = 1883
    prefix: Text = "meter_infer"
    username: Text | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    """A file that holds the password and nothing else."""
    client_id: Text | None = None
    tls: TlsConfig | None = None
    qos: Literal[0, 1, 2] = 1
    dead_band: Annotated[Number, Field(ge=0, le=1)] = 0.002
    """A value is published when it moved by more than this share of its range."""
    max_interval_s: Positive = 60.0
    """A value that does not change is published at least this often, seconds."""
    discovery: bool = True
    """Announce the meters to Home Assistant."""
    discovery_prefix: Text = "homeassistant"
    outbox: OutboxConfig = OutboxConfig()

    @model_validator(mode="after")
    def _password_has_user(self) -> Self:
        if self.password is not None and self.password_file is not None:
            raise ValueError("has both password and password_file; keep one")
        if (self.password or self.password_file) and self.username is None:
            raise ValueError("has a password but no username; give both")
        return self

    @check("prefix", "discovery_prefix")
    @classmethod
    def _is_topic(cls, prefix: str) -> str:
        if any(sign in prefix for sign in "+#\0") or prefix.startswith(("/", "$")) or prefix.endswith("/"):
            raise ValueError("must be a topic as in plant/gauges: no + or #, no / at its ends, no $ first")
        return prefix


class SqlConfig(Section):
    """Readings to a database, through SQLAlchemy; needs the extra [sql]."""

    url: SecretStr = SecretStr("sqlite:///meter_infer.db")
    """SQLAlchemy's URL, as in mysql+pymysql://user:password@host/database."""
    every: Every = 1.0


class SinksConfig(Section):
    """Where readings go."""

    csv: CsvConfig | None = None
    mqtt: MqttConfig | None = None
    sql: SqlConfig | None = None


class EvidenceConfig(Section):
    """Pictures of bad and alarming readings."""

    directory: Path
    max_files: Annotated[int, Field(ge=2)] = 2000
    max_mb: Positive = 500.0
    every: Duration = 60.0
    """At most one picture a meter and reason in this time; alarms always."""


class HttpConfig(Section):
    """Where metrics and health are served."""

    listen: Listen = "127.0.0.1:9464"
