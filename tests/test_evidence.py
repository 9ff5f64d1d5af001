"""Evidence: what is kept, how it is named, and that it stays bounded."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from meter_infer.annotate import Polyline, Role
from meter_infer.errors import SinkError
from meter_infer.events import AlarmEvent, AlarmLevel
from meter_infer.evidence import Evidence, EvidenceFolder, EvidenceSettings, cut_evidence
from meter_infer.runtime.keeper import Keeper
from meter_infer.types import Box, Frame, Quality, Reading, Reason
from meter_infer.vision.color import frame_from_bgr
from tests.runtime.fakes import START, reading


def picture() -> Frame:
    bgr = np.full((240, 320, 3), 90, np.uint8)
    bgr[100:140, 150:190] = (0, 0, 255)
    return frame_from_bgr(bgr, "boiler", 7, START)


def seen(at_s: float = 0.25, reason: Reason = Reason.OCCLUDED) -> Reading:
    base = reading("boiler", "p1", None, at_s, Quality.BAD)
    return replace(base, reason=reason, box=Box(150, 100, 190, 140))


def test_the_crop_shows_the_meter_and_its_name_says_what_it_is(tmp_path: Path) -> None:
    line = Polyline(Role.POINTER, np.array([[160.0, 110.0], [180.0, 130.0]]))
    evidence = cut_evidence(picture(), seen(), [line], "bad_occluded")
    path = EvidenceFolder(EvidenceSettings(tmp_path)).save(evidence)
    assert path.relative_to(tmp_path) == Path("boiler/p1/20260301T120000.250Z_bad_occluded.jpg")
    crop = cv2.imread(str(path))
    assert crop is not None
    assert crop.shape[:2] == (48, 48)
    middle = crop[24, 24].astype(int)
    assert middle[2] > 200
    assert middle[0] < 60
    assert abs(crop[2, 2].astype(int) - 90).max() < 12
    assert path.with_suffix(".seen.jpg").is_file()
    assert np.allclose(evidence.shapes[0].points[0], (160 - 146, 110 - 96))


def test_of_a_box_that_is_not_in_the_picture_the_picture_is_kept(tmp_path: Path) -> None:
    elsewhere = replace(seen(), box=Box(812, 500, 1130, 800))
    path = EvidenceFolder(EvidenceSettings(tmp_path)).save(
        cut_evidence(picture(), elsewhere, (), "bad_no_meter")
    )
    crop = cv2.imread(str(path))
    assert crop is not None
    assert crop.shape[:2] == (240, 320)


def test_the_folder_does_not_grow_without_end_and_knows_what_was_there(tmp_path: Path) -> None:
    settings = EvidenceSettings(tmp_path, max_files=6)
    for start in (0, 5):  # as after a restart
        folder = EvidenceFolder(settings)
        for step in range(start, start + 5):
            folder.save(cut_evidence(picture(), seen(float(step)), (), "bad_occluded"))
    kept = sorted(path.name[:22] for path in tmp_path.rglob("*.jpg"))
    assert kept == sorted(2 * [f"20260301T1200{step:02d}.000Z_b" for step in (7, 8, 9)])
    small = EvidenceFolder(EvidenceSettings(tmp_path, max_bytes=2000))
    small.save(cut_evidence(picture(), seen(30.0), (), "bad_occluded"))
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.jpg")) <= 2000


def test_pictures_of_others_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    others = [
        tmp_path / "hall" / "p1" / "holiday.jpg",
        tmp_path / "a" / "20200101T000000.000Z_bad_occluded.jpg",
    ]
    for path in others:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"theirs")
    folder = EvidenceFolder(EvidenceSettings(tmp_path, max_files=2))
    for step in range(3):
        folder.save(cut_evidence(picture(), seen(float(step)), (), "bad_occluded"))
    assert all(path.exists() for path in others)
    assert len(list(tmp_path.rglob("*.jpg"))) == 2 + len(others)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = EvidenceFolder(EvidenceSettings(tmp_path / "file"))
    with pytest.raises(SinkError, match="Evidence"):
        folder.save(cut_evidence(picture(), seen(), (), "bad_occluded"))


class _Noting(EvidenceFolder):
    """Notes what it is asked to keep."""

    def __init__(self) -> None:
        self.why: list[str] = []

    def save(self, evidence: Evidence) -> Path:
        self.why.append(evidence.why)
        return Path()


def test_what_is_kept() -> None:
    keeper = Keeper(EvidenceSettings(Path("unused"), every_s=60), lambda *_: ())
    keeper._folder = noting = _Noting()
    frame = picture()
    good = replace(seen(), quality=Quality.GOOD, value=9.0, reason=Reason.OK)
    alarm = AlarmEvent(START, "boiler", "p1", AlarmLevel.CRITICAL, "high", 8.0, 9.0, "bar")
    keeper([frame], [seen(0)])
    keeper([frame], [seen(30)])
    keeper([frame], [seen(31, Reason.BLURRED)])
    keeper([frame], [seen(32, Reason.NO_SIGNAL)])
    keeper([frame], [good])
    keeper([frame], [good, alarm])
    keeper([frame], [good, replace(alarm, level=AlarmLevel.NONE, at=START + timedelta(seconds=9))])
    keeper([frame], [seen(61)])
    keeper.worker.start()
    keeper.worker.stop()
    assert keeper.worker.join(60)
    assert noting.why == ["bad_occluded", "bad_blurred", "alarm_critical_high", "bad_occluded"]
