"""A camera that is moved while the service is down: what the next start makes of it."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from meter_infer.pipeline import MeterReader, MeterSetup
from meter_infer.positions import Position, PositionFile, Positions
from meter_infer.reading.geometry import DialGeometry, TubeGeometry
from meter_infer.render.disturb import STILL, Push, Stage, StagedScene
from meter_infer.types import MeterKind, Quality, Reading, Reason, SegmentClass
from tests.scenes import TrueNetworks, frame

FPS, FRAMES = 20, 70
SEED = {MeterKind.POINTER: 2, MeterKind.LEVEL: 3}
PLACE = ("cam", "p1")
POINTS = ((0.0, (30.0, 40.0)), (10.0, (90.5, 40.25)))
DIAL = DialGeometry(np.array([60.25, 50.5]), np.array([[40.0, 1.5], [1.5, 38.0]]), 2.25, 4.5)
TUBE = TubeGeometry(np.array([60.0, 150.0]), np.array([62.0, 50.0]), 12.0)

kinds = pytest.mark.parametrize("kind", list(MeterKind))


def watch(
    kind: MeterKind, push: Push, positions: Positions, shift: tuple[float, float] = (0.0, 0.0)
) -> "Run":
    """Run a service's reader on a meter whose points were clicked in the unpushed picture, plus `shift`."""
    stage = Stage(meter_px=200.0, kind=kind)
    scene = StagedScene(SEED[kind], np.full(FRAMES, 0.4), stage)
    _, still = scene.frame(0, STILL)
    low, high = (still.landmarks[name] for name in (SegmentClass.START, SegmentClass.END))
    points = tuple(
        (value, (float(x) + shift[0], float(y) + shift[1])) for value, (x, y) in ((0.0, low), (1.0, high))
    )
    frames, truth = zip(*(scene.frame(k, push) for k in range(FRAMES)), strict=True)
    networks = TrueNetworks(truth)
    setup = MeterSetup(*PLACE, kind, calibration_points=points)
    reader = MeterReader(networks, networks, [setup], cadence_s=1.0, positions=positions)
    return Run(reader, [reader.read([frame(luma, k, fps=FPS)])[0] for k, luma in enumerate(frames)])


class Run:
    def __init__(self, reader: MeterReader, readings: list[Reading]) -> None:
        self.positions = reader.positions
        self.good = [reading.quality is Quality.GOOD for reading in readings]
        self.reasons = {reading.reason for reading in readings}


@kinds
def test_a_camera_that_was_moved_while_nobody_watched_is_noticed(kind: MeterKind, tmp_path: Path) -> None:
    file = PositionFile(tmp_path / "positions.json")
    before = watch(kind, STILL, file.load())
    assert before.good[-1]
    file.save(before.positions)
    known = PositionFile(tmp_path / "positions.json").load()

    again = watch(kind, STILL, known)
    assert again.good[-1]
    assert again.positions[PLACE].points == known[PLACE].points

    moved = watch(kind, Push((18.0, 14.0)), known)
    assert not any(moved.good)
    assert moved.reasons == {Reason.CAMERA_MOVED}
    assert np.allclose(_places(moved.positions[PLACE]), _places(known[PLACE]))  # it is waited for there

    clicked_anew = watch(kind, Push((18.0, 14.0)), known, shift=(18.0, 14.0))
    assert clicked_anew.good[-1]


def test_without_an_earlier_run_a_meter_is_where_it_is() -> None:
    assert watch(MeterKind.POINTER, Push((18.0, 14.0)), {}, shift=(18.0, 14.0)).good[-1]


def _places(position: Position) -> np.ndarray:
    geometry = position.geometry
    return geometry.center if isinstance(geometry, DialGeometry) else np.stack([geometry.start, geometry.end])


@pytest.mark.parametrize("geometry", [DIAL, TUBE], ids=["dial", "tube"])
def test_what_is_saved_is_loaded(geometry: DialGeometry | TubeGeometry, tmp_path: Path) -> None:
    file = PositionFile(tmp_path / "new" / "positions.json")
    file.save({PLACE: Position(POINTS, geometry)})
    (loaded,) = file.load().values()
    assert loaded.points == POINTS
    assert np.allclose(_places(loaded), _places(Position(POINTS, geometry)))
    if isinstance(geometry, DialGeometry):
        assert isinstance(loaded.geometry, DialGeometry)
        assert np.allclose(loaded.geometry.axes, geometry.axes)
        assert loaded.geometry.start_angle == pytest.approx(geometry.start_angle)
        assert loaded.geometry.span == pytest.approx(geometry.span)
    assert [each.name for each in (tmp_path / "new").iterdir()] == ["positions.json"]


def test_nothing_is_written_where_there_is_nothing_to_keep(tmp_path: Path) -> None:
    PositionFile(tmp_path / "positions.json").save({})
    assert not list(tmp_path.iterdir())


def test_an_unchanged_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "positions.json"
    file = PositionFile(path)
    file.save({PLACE: Position(POINTS, DIAL)})
    path.unlink()
    file.save({PLACE: Position(POINTS, replace(DIAL))})
    assert not path.exists()


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"format": 2, "meters": []}',
        '{"format": 1, "meters": [{"camera": "cam"}]}',
        '{"format": 1, "meters": [{"camera": "cam", "meter": "p1", "points": [], "tube": '
        '{"start": [1, 1], "end": [1, 1], "width": 3}}]}',
        '{"format": 1, "meters": [{"camera": "cam", "meter": "p1", "points": [], "dial": '
        '{"center": [1, 1], "axes": [[1, 0], [0, 0]], "start_angle": 0, "span": 4}}]}',
        '{"format": 1, "meters": [{"camera": "cam", "meter": "p1", "points": [], "dial": '
        '{"center": [1], "axes": [[1, 0], [0, 1]], "start_angle": 0, "span": 4}}]}',
    ],
)
def test_a_broken_file_is_said_and_stops_nothing(
    text: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "positions.json"
    path.write_text(text, encoding="utf-8")
    with caplog.at_level(logging.WARNING, "meter_infer"):
        assert PositionFile(path).load() == {}
    assert "is not noticed" in caplog.text


def test_a_place_that_cannot_be_written_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    file = PositionFile(tmp_path / "file" / "positions.json")
    with caplog.at_level(logging.WARNING, "meter_infer"):
        file.save({PLACE: Position(POINTS, DIAL)})
        file.save({PLACE: Position(POINTS, TUBE)})
    assert caplog.text.count("cannot be written") == 1
