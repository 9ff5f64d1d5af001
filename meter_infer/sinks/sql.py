"""Readings to a database, through SQLAlchemy: cameras, instruments, readings. Needs the extra [sql]."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC

from meter_infer.errors import ConfigError, SinkError
from meter_infer.events import Inventory, Item
from meter_infer.sinks.pace import Marks, Pace
from meter_infer.types import Reading

try:
    import sqlalchemy as sa
    from sqlalchemy.dialects import mysql
    from sqlalchemy.exc import SQLAlchemyError
except ModuleNotFoundError as error:
    raise ConfigError(
        "The SQL sink needs SQLAlchemy; install it with: pip install '.[sql]' in the checkout."
    ) from error

_METADATA = sa.MetaData()
_NAME = sa.String(64)

CAMERAS = sa.Table(
    "cameras",
    _METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", _NAME, nullable=False, unique=True),
)
INSTRUMENTS = sa.Table(
    "instruments",
    _METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("camera_id", sa.ForeignKey("cameras.id"), nullable=False),
    sa.Column("name", _NAME, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("unit", sa.String(200)),
    sa.Column("low", sa.Float),
    sa.Column("high", sa.Float),
    sa.UniqueConstraint("camera_id", "name"),
)
READINGS = sa.Table(
    "readings",
    _METADATA,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("instrument_id", sa.ForeignKey("instruments.id"), nullable=False),
    # UTC; MySQL's plain DATETIME would keep whole seconds only
    sa.Column("captured_at", sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql"), nullable=False),
    sa.Column("value", sa.Float),
    sa.Column("raw", sa.Float),
    sa.Column("fraction", sa.Float),
    sa.Column("quality", sa.String(16), nullable=False),
    sa.Column("reason", sa.String(32), nullable=False),
    sa.Column("confidence", sa.Float, nullable=False),
    sa.Column("frame", sa.BigInteger, nullable=False),
    sa.Index("readings_by_time", "instrument_id", "captured_at"),
)


@dataclass(frozen=True, slots=True)
class SqlSettings:
    """Which database."""

    url: str = field(repr=False)
    """SQLAlchemy's URL; may hold a password."""
    every_s: float = 1.0
    """At most one row a meter in this time, and one at each change of quality; 0: every reading."""


class SqlSink:
    """Writes rows in transactions: a batch is stored as a whole, or written again later.

    Raises ConfigError for a URL that means no database, and SinkError while the database cannot be
    written.
    """

    name = "sql"
    backlog = 0
    dropped = 0
    problem: str | None = None

    def __init__(self, settings: SqlSettings) -> None:
        self._settings = settings
        try:
            self._engine = sa.create_engine(settings.url, pool_pre_ping=True, pool_size=1, max_overflow=0)
        except (SQLAlchemyError, ImportError, ValueError, TypeError) as error:
            kind = type(error).__name__
            raise ConfigError(
                f"The database's URL cannot be used ({kind}); it looks like sqlite:///readings.db, "
                "and its driver must be installed."
            ) from None  # the error's own text may hold the URL
        self._address = self._engine.url.render_as_string(hide_password=True)
        self._ready = False
        self._cameras: dict[str, int] = {}
        self._instruments: dict[tuple[str, str], int] = {}
        self._pace = Pace(settings.every_s)

    def write(self, items: Sequence[Item]) -> None:
        """Store the rows that are due, all or none."""
        marks: Marks = {}
        rows = [item for item in items if isinstance(item, Reading) and self._pace.is_due(item, marks)]
        inventories = [item for item in items if isinstance(item, Inventory)]
        if not rows and not inventories:
            return
        try:
            self._prepare()
            with self._engine.begin() as connection:
                for inventory in inventories:
                    self._enter_inventory(connection, inventory)
                if rows:
                    values = [self._row(connection, reading) for reading in rows]
                    connection.execute(sa.insert(READINGS), values)
        except SQLAlchemyError as error:
            self._forget_ids()
            self._ready = False  # it may be another database by now, without tables
            said = type(getattr(error, "orig", None) or error).__name__
            raise SinkError(
                f"The database {self._address} cannot be written ({said}); check that it runs and has room."
            ) from None
        self._pace.written(marks)

    def tick(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()

    def _prepare(self) -> None:
        if not self._ready:
            _METADATA.create_all(self._engine)
            self._ready = True

    def _forget_ids(self) -> None:
        """After a failed transaction the ids that were made in it do not exist."""
        self._cameras.clear()
        self._instruments.clear()

    def _row(self, connection: sa.Connection, reading: Reading) -> dict[str, object]:
        return {
            "instrument_id": self._instrument(connection, reading),
            "captured_at": reading.captured_at.astimezone(UTC).replace(tzinfo=None),
            "value": reading.value,
            "raw": reading.raw,
            "fraction": reading.fraction,
            "quality": reading.quality.value,
            "reason": reading.reason.value,
            "confidence": reading.confidence,
            "frame": reading.frame,
        }

    def _enter_inventory(self, connection: sa.Connection, inventory: Inventory) -> None:
        for camera in inventory.cameras:
            self._camera(connection, camera)
        for info in inventory.meters:
            low, high = info.range or (None, None)
            values: dict[str, object] = {"kind": info.kind.value, "unit": info.unit, "low": low, "high": high}
            self._instrument_id(connection, info.camera, info.meter, values, update=True)

    def _instrument(self, connection: sa.Connection, reading: Reading) -> int:
        values: dict[str, object] = {"kind": reading.kind.value, "unit": reading.unit}
        return self._instrument_id(connection, reading.camera, reading.meter, values, update=False)

    def _instrument_id(
        self,
        connection: sa.Connection,
        camera: str,
        meter: str,
        values: dict[str, object],
        *,
        update: bool,
    ) -> int:
        known = self._instruments.get((camera, meter))
        if known is not None and not update:
            return known
        camera_id = self._camera(connection, camera)
        here = (INSTRUMENTS.c.camera_id == camera_id) & (INSTRUMENTS.c.name == meter)
        found = connection.execute(sa.select(INSTRUMENTS.c.id).where(here)).scalar()
        if found is None:
            row = {"camera_id": camera_id, "name": meter} | values
            found = _new_id(connection.execute(sa.insert(INSTRUMENTS).values(row)))
        elif update:
            connection.execute(sa.update(INSTRUMENTS).where(here).values(values))
        self._instruments[camera, meter] = int(found)
        return int(found)

    def _camera(self, connection: sa.Connection, name: str) -> int:
        if name not in self._cameras:
            found = connection.execute(sa.select(CAMERAS.c.id).where(CAMERAS.c.name == name)).scalar()
            if found is None:
                found = _new_id(connection.execute(sa.insert(CAMERAS).values(name=name)))
            self._cameras[name] = int(found)
        return self._cameras[name]


def _new_id(result: "sa.CursorResult[tuple[object, ...]]") -> int:
    key = result.inserted_primary_key
    if key is None:
        raise SinkError("The database gave no id to a new row.")
    return int(key[0])
