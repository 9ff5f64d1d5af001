"""The SQL sink against a real SQLite database."""

import sqlite3
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy")

from meter_infer.errors import ConfigError, SinkError
from meter_infer.events import Inventory, MeterInfo
from meter_infer.sinks.sql import SqlSettings, SqlSink
from meter_infer.types import MeterKind, Quality
from tests.runtime.fakes import START, reading


def make(path: Path, every_s: float = 0.0) -> SqlSink:
    return SqlSink(SqlSettings(f"sqlite:///{path}", every_s))


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_readings_hang_on_their_instruments_and_cameras(tmp_path: Path) -> None:
    path = tmp_path / "plant.db"
    info = MeterInfo("boiler", "p1", MeterKind.POINTER, "bar", (0.0, 10.0), 1.0)
    for _ in range(2):  # a restart finds what is there
        sink = make(path)
        sink.write([Inventory(START, ("boiler", "tank"), (info,)), reading("boiler", "p1", 2.5, 0.25)])
        sink.write([reading("boiler", "auto-1", None, 1.0, Quality.BAD)])
        sink.close()
    assert rows(path, "SELECT name FROM cameras ORDER BY id") == [("boiler",), ("tank",)]
    assert rows(path, "SELECT name, kind, unit, low, high FROM instruments ORDER BY id") == [
        ("p1", "pointer", "bar", 0.0, 10.0),
        ("auto-1", "pointer", "bar", None, None),
    ]
    joined = (
        "SELECT c.name, i.name, r.captured_at, r.value, r.quality FROM readings r "
        "JOIN instruments i ON i.id = r.instrument_id JOIN cameras c ON c.id = i.camera_id ORDER BY r.id"
    )
    first = ("boiler", "p1", "2026-03-01 12:00:00.250000", 2.5, "good")
    second = ("boiler", "auto-1", "2026-03-01 12:00:01.000000", None, "bad")
    assert rows(path, joined) == [first, second, first, second]


def test_one_row_a_second(tmp_path: Path) -> None:
    sink = make(tmp_path / "a.db", 1.0)
    for step in range(60):
        sink.write([reading(at_s=step / 20, index=step)])
    sink.close()
    assert [frame for (frame,) in rows(tmp_path / "a.db", "SELECT frame FROM readings")] == [0, 20, 40]


def test_a_database_that_is_away_loses_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "share"
    sink = make(folder / "a.db")
    with pytest.raises(SinkError, match="cannot be written"):
        sink.write([reading(index=1)])
    folder.mkdir()
    sink.write([reading(index=1)])
    sink.close()
    assert rows(folder / "a.db", "SELECT frame FROM readings") == [(1,)]


def test_a_database_that_is_made_anew_gets_its_tables_again(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    sink = make(path)
    sink.write([reading(index=1)])
    connection = sqlite3.connect(path)
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        connection.execute(f"DROP TABLE {table}")
    connection.commit()
    connection.close()
    with pytest.raises(SinkError, match="cannot be written"):
        sink.write([reading(index=2)])
    sink.write([reading(index=2)])
    sink.close()
    assert rows(path, "SELECT frame FROM readings") == [(2,)]


def test_a_url_that_is_none_is_refused_without_showing_it() -> None:
    with pytest.raises(ConfigError, match="URL") as refused:
        SqlSink(SqlSettings("nonsense+driver://plant:s3cret@host/db"))
    assert "s3cret" not in str(refused.value) + repr(SqlSettings("mysql://u:s3cret@h/d"))
    for nowhere in ("sqlite://", "sqlite:///:memory:"):  # gone with the service, and of no use to anybody
        with pytest.raises(ConfigError, match="readings"):
            SqlSink(SqlSettings(nowhere))
