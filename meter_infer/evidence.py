"""Pictures of what could not be read or raised an alarm, in a folder that does not grow without end.

``<folder>/<camera>/<meter>/20260301T120000.250Z_bad_occluded.jpg`` is the crop as the segmentation network
sees it, in native resolution, and so fit to be labelled and trained on; ``....seen.jpg`` shows what was read.
"""

import contextlib
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path

import cv2
import numpy as np

from meter_infer.annotate import Polyline, annotate
from meter_infer.errors import SinkError
from meter_infer.resources import write_whole
from meter_infer.types import Box, Frame, Reading
from meter_infer.vision.color import frame_bgr

_MARGIN = 1.2
"""Side of the crop, in longer sides of the meter's box: what the segmentation network is given."""
_QUALITY = 92
_OURS = re.compile(r"\d{8}T\d{6}\.\d{3}Z_(?:bad|alarm)_\w+(?:\.seen)?\.jpg")


@dataclass(frozen=True, slots=True)
class EvidenceSettings:
    """Where pictures go, and how many."""

    directory: Path
    max_files: int = 2000
    max_bytes: int = 500_000_000
    every_s: float = 60.0
    """At most one picture a meter and reason in this time; alarms always."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """One picture to keep."""

    crop: Frame
    """The meter's surroundings, cut out."""
    reading: Reading
    """With its box in pixels of the crop."""
    shapes: tuple[Polyline, ...]
    """What was seen, in pixels of the crop."""
    why: str
    """``bad_occluded``, ``alarm_critical_high``."""


def cut_evidence(frame: Frame, reading: Reading, shapes: Sequence[Polyline], why: str) -> Evidence:
    """Cut a meter out of its frame; the whole frame where it has no box in it. The planes are copied."""
    x1, y1, x2, y2 = _window(frame, reading.box)
    luma = frame.luma[y1:y2, x1:x2].copy()
    chroma = None
    if frame.chroma is not None:
        half = slice(y1 // 2, (y2 + 1) // 2), slice(x1 // 2, (x2 + 1) // 2)
        chroma = frame.chroma[0][half].copy(), frame.chroma[1][half].copy()
    box = reading.box and Box(
        reading.box.x1 - x1, reading.box.y1 - y1, reading.box.x2 - x1, reading.box.y2 - y1
    )
    shift = np.array([x1, y1], np.float64)
    return Evidence(
        replace(frame, luma=luma, chroma=chroma),
        replace(reading, box=box),
        tuple(Polyline(shape.role, shape.points - shift, shape.closed) for shape in shapes),
        why,
    )


def _window(frame: Frame, box: Box | None) -> tuple[int, int, int, int]:
    """x1, y1, x2, y2 of the crop, even numbers so that the chroma planes fit."""
    if box is None:
        return 0, 0, frame.width, frame.height
    half = max(box.width, box.height) * _MARGIN / 2
    x, y = box.center
    x1, y1 = max(0, int(x - half)) // 2 * 2, max(0, int(y - half)) // 2 * 2
    x2, y2 = min(frame.width, int(x + half)), min(frame.height, int(y + half))
    if x2 - x1 < 2 or y2 - y1 < 2:
        return 0, 0, frame.width, frame.height  # the box belongs to another picture
    return x1, y1, x2, y2


class EvidenceFolder:
    """Keeps pictures below a number of files and bytes; the oldest give way. Used by one thread.

    Raises SinkError where a picture cannot be written.
    """

    def __init__(self, settings: EvidenceSettings) -> None:
        self._settings = settings
        self._kept: deque[tuple[Path, int]] | None = None
        self._bytes = 0

    def save(self, evidence: Evidence) -> Path:
        """Write the crop and what was seen in it; return the crop's path."""
        reading = evidence.reading
        moment = reading.captured_at.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3] + "Z"
        folder = self._settings.directory / reading.camera / reading.meter
        crop = folder / f"{moment}_{evidence.why}.jpg"
        bgr = frame_bgr(evidence.crop)
        try:
            kept = self._known()
            folder.mkdir(parents=True, exist_ok=True)
            for path, picture in (
                (crop, bgr),
                (crop.with_suffix(".seen.jpg"), annotate(bgr, [reading], evidence.shapes)),
            ):
                data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
                write_whole(path, data)
                kept.append((path, len(data)))
                self._bytes += len(data)
            self._prune(kept)
        except OSError as error:
            raise SinkError(
                f"Evidence cannot be kept in {self._settings.directory} ({error.strerror}); free some space."
            ) from error
        return crop

    def _known(self) -> deque[tuple[Path, int]]:
        """The pictures that are there, oldest first; what else lies there is not ours to delete."""
        if self._kept is None:
            found = []
            for path in self._settings.directory.glob("*/*/*.jpg"):
                if not _OURS.fullmatch(path.name):
                    continue
                with contextlib.suppress(OSError):
                    status = path.stat()
                    found.append((status.st_mtime_ns, path, status.st_size))
            self._kept = deque((path, size) for _, path, size in sorted(found))
            self._bytes = sum(size for _, size in self._kept)
        return self._kept

    def _prune(self, kept: deque[tuple[Path, int]]) -> None:
        while len(kept) > self._settings.max_files or self._bytes > self._settings.max_bytes:
            path, size = kept.popleft()
            self._bytes -= size
            path.unlink(missing_ok=True)
