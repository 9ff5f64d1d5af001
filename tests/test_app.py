"""What is drawn of a reading, and on which picture."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from meter_infer.app import read_source
from meter_infer.calibration import PicturePoints
from meter_infer.reading.look import Look, look
from meter_infer.sources import open_source
from meter_infer.types import Box, Frame, MeterKind, Quality, Reading, Reason
from tests.reading.plain_dial import View, shoot


@dataclass
class Remembering:
    """A reader that saw a dial once, and says `reason` of the picture at hand."""

    memory: Look | None
    reason: Reason
    engine: str = "none"

    def read(self, frames: Sequence[Frame]) -> list[Reading]:
        return [
            Reading(
                captured_at=datetime(2026, 3, 1, tzinfo=UTC),
                camera="cam",
                meter="p1",
                kind=MeterKind.POINTER,
                value=None,
                unit="bar",
                raw=None,
                fraction=None,
                quality=Quality.BAD,
                reason=self.reason,
                confidence=0.0,
                frame=frame.index,
                latency_ms=0.0,
                box=Box(5, 5, 300, 300),
            )
            for frame in frames
        ]

    def seen(self, camera: str, meter: str) -> Look | None:
        return self.memory

    def clicked(self, camera: str, meter: str) -> PicturePoints:
        return ()

    def close(self) -> None:
        """Nothing is held."""


@dataclass
class Shown:
    """Keeps the pictures."""

    images: list[NDArray[np.uint8]] = field(default_factory=list)

    def write(self, image: NDArray[np.uint8], captured_at: datetime, index: int) -> None:
        self.images.append(image)

    def close(self) -> None:
        """Nothing is held."""


@pytest.mark.parametrize(
    ("reason", "drawn"), [(Reason.NO_SIGNAL, False), (Reason.NO_METER, False), (Reason.OCCLUDED, True)]
)
def test_a_pointer_is_not_drawn_on_a_picture_that_does_not_show_it(
    tmp_path: Path, reason: Reason, drawn: bool
) -> None:
    """In the dark the pointer of a minute ago would look like one that was read."""
    shot = shoot(View(2.3, 4.7, 0.4, 0.2, 0.4, 320))
    seen, _ = look(MeterKind.POINTER, shot.luma, shot.box, shot.segments)
    path = tmp_path / "dark.png"
    cv2.imwrite(str(path), np.zeros((320, 320, 3), np.uint8))
    shown = Shown()
    for memory in (seen, None):
        with open_source(str(path)) as source:
            assert len(list(read_source(source, Remembering(memory, reason), (), shown))) == 1
    remembered, plain = shown.images
    assert np.array_equal(remembered, plain) is not drawn
