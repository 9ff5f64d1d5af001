"""Something to read, and a way to run the command line."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from meter_infer.cli.main import app
from meter_infer.cli.read import Parts
from meter_infer.sinks.pictures import VideoFile
from tests.cli.fakes import FakeReader, Run


@pytest.fixture
def reader() -> FakeReader:
    return FakeReader()


@pytest.fixture
def run(reader: FakeReader) -> Run:
    """Run `meter-infer` with arguments, `reader` in place of the networks."""

    def run_it(*args: object, env: dict[str, str] | None = None) -> Result:
        result = CliRunner().invoke(app, [str(arg) for arg in args], obj=Parts(reader.build), env=env)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run_it


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """A video of eight frames at 10 a second, each brighter than the one before."""
    path = tmp_path / "plant.mp4"
    out = VideoFile(path, 10)
    began = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    for index in range(8):
        image = np.full((48, 64, 3), 40 + 20 * index, np.uint8)
        out.write(image, began + timedelta(seconds=index / 10), index)
    out.close()
    return path


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A grey picture of 64 x 48."""
    path = tmp_path / "gauge.png"
    cv2.imwrite(str(path), np.full((48, 64, 3), 90, np.uint8))
    return path
