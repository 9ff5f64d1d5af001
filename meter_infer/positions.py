"""Where meters that are calibrated by points stood: kept in a file from one run of the service to the next.

Points in the picture are right as long as the camera stands as it stood when they were clicked. A running
service notices that it was moved; one that is started afterwards can only compare with what it wrote down.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from meter_infer.calibration import PicturePoints
from meter_infer.reading.geometry import DialGeometry, TubeGeometry
from meter_infer.resources import write_whole

logger = logging.getLogger(__name__)

_FORMAT = 1


@dataclass(frozen=True, slots=True, eq=False)
class Position:
    """Where a meter stood in the picture in which its points were clicked."""

    points: PicturePoints
    """The points; where others have been given since, the position says nothing."""
    geometry: DialGeometry | TubeGeometry


Positions = Mapping[tuple[str, str], Position]
"""By camera and meter."""


class PositionFile:
    """A JSON file of positions. Trouble with it is logged once and stops nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written = ""
        self._failed = False

    def load(self) -> dict[tuple[str, str], Position]:
        """Return what was written; nothing where there is no file, or no usable one."""
        try:
            self._written = self._path.read_text(encoding="utf-8")
            data = json.loads(self._written)
            if data["format"] != _FORMAT:
                raise ValueError("another format")
            return {(each["camera"], each["meter"]): _parsed(each) for each in data["meters"]}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.warning(
                "The positions in %s cannot be read (%s): a camera that was moved meanwhile is not noticed.",
                self._path,
                error,
            )
            return {}

    def save(self, positions: Positions) -> None:
        """Write the positions, unless they are there already; the old file stays until the new is whole."""
        meters = [_plain(*key, position) for key, position in sorted(positions.items(), key=lambda p: p[0])]
        text = json.dumps({"format": _FORMAT, "meters": meters}, indent=1) + "\n"
        if text == self._written or not (meters or self._written):
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, text.encode())
        except OSError as error:
            if not self._failed:
                logger.warning(
                    "The positions cannot be written to %s (%s): check its path and rights. Without them a "
                    "camera that is moved while the service is down is not noticed.",
                    self._path,
                    error.strerror or error,
                )
            self._failed = True
            return
        self._written, self._failed = text, False


def _plain(camera: str, meter: str, position: Position) -> dict[str, Any]:
    geometry = position.geometry
    plain: dict[str, Any] = {"camera": camera, "meter": meter}
    plain["points"] = [[value, [float(x), float(y)]] for value, (x, y) in position.points]
    if isinstance(geometry, DialGeometry):
        plain["dial"] = {
            "center": _rounded(geometry.center),
            "axes": _rounded(geometry.axes),
            "start_angle": round(float(geometry.start_angle), 5),
            "span": round(float(geometry.span), 5),
        }
    else:
        plain["tube"] = {
            "start": _rounded(geometry.start),
            "end": _rounded(geometry.end),
            "width": round(float(geometry.width), 2),
        }
    return plain


def _rounded(numbers: np.ndarray[Any, np.dtype[np.float64]]) -> Any:
    return np.round(numbers, 2).tolist()


def _parsed(plain: Mapping[str, Any]) -> Position:
    """Return a position; raises ValueError, KeyError and TypeError for what is none."""
    points = tuple((float(value), (float(x), float(y))) for value, (x, y) in plain["points"])
    geometry: DialGeometry | TubeGeometry
    if "dial" in plain:
        dial = plain["dial"]
        center, axes = _array(dial["center"], (2,)), _array(dial["axes"], (2, 2))
        if np.linalg.det(axes) <= 0:
            raise ValueError("a dial without extent")
        geometry = DialGeometry(center, axes, float(dial["start_angle"]), float(dial["span"]))
    else:
        tube = plain["tube"]
        start, end = _array(tube["start"], (2,)), _array(tube["end"], (2,))
        geometry = TubeGeometry(start, end, float(tube["width"]))
        if geometry.length <= 0:
            raise ValueError("a tube without extent")
    return Position(points, geometry)


def _array(numbers: Any, shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.float64]]:
    array = np.array(numbers, dtype=np.float64)
    if array.shape != shape or not np.isfinite(array).all():
        raise ValueError("malformed coordinates")
    return array
