"""Photographs drawn for the tests: dials whose geometry is known exactly."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

SIZE = 400
RADIUS = (150.0, 120.0)
CENTER = (200.0, 190.0)
FIRST_DEG, SPAN_DEG = 135.0, 270.0


def on_dial(fraction: float, radius: float) -> NDArray[np.float64]:
    """A point of the drawn dial, pixels."""
    angle = np.deg2rad(FIRST_DEG + fraction * SPAN_DEG)
    return np.array(CENTER) + radius * np.array(RADIUS) * np.array([np.cos(angle), np.sin(angle)])


def draw_photograph(fraction: float) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    """An upright elliptic dial with a dark pointer with tail on a light face, and its label."""
    picture = np.full((SIZE, SIZE, 3), (150, 120, 90), np.uint8)
    axes = (int(RADIUS[0]), int(RADIUS[1]))
    center = (int(CENTER[0]), int(CENTER[1]))
    cv2.ellipse(picture, center, axes, 0, 0, 360, (60, 60, 60), -1, cv2.LINE_AA)
    cv2.ellipse(picture, center, (axes[0] - 12, axes[1] - 10), 0, 0, 360, (235, 235, 235), -1, cv2.LINE_AA)
    for mark in np.linspace(0, 1, 11):
        ends = [tuple(np.rint(on_dial(float(mark), r)).astype(int).tolist()) for r in (0.68, 0.76)]
        cv2.line(picture, ends[0], ends[1], (20, 20, 20), 2, cv2.LINE_AA)
    tip, tail = on_dial(fraction, 0.7), on_dial(fraction, -0.25)
    ends = [tuple(np.rint(p).astype(int).tolist()) for p in (tail, tip)]
    cv2.line(picture, ends[0], ends[1], (30, 20, 20), 6, cv2.LINE_AA)
    label = {
        "kind": "pointer",
        "box": [CENTER[0] - RADIUS[0], CENTER[1] - RADIUS[1], CENTER[0] + RADIUS[0], CENTER[1] + RADIUS[1]],
        "pivot": list(CENTER),
        "tip": tip.tolist(),
        "start": on_dial(0.0, 0.7).tolist(),
        "end": on_dial(1.0, 0.7).tolist(),
    }
    return picture, label


@pytest.fixture
def label_file(tmp_path: Path) -> Path:
    """A label file with one trusted dial, one without its pivot, and a level."""
    picture, label = draw_photograph(0.3)
    cv2.imwrite(str(tmp_path / "a.png"), picture)
    cv2.imwrite(str(tmp_path / "b.png"), picture)
    cv2.imwrite(str(tmp_path / "c.png"), picture)
    incomplete = {key: value for key, value in label.items() if key != "pivot"}
    level = {"kind": "level", "box": [0, 0, SIZE, SIZE]}
    images = [
        {"file": "a.png", "gauges": [label]},
        {"file": "b.png", "gauges": [incomplete]},
        {"file": "c.png", "gauges": [level]},
    ]
    path = tmp_path / "labels.json"
    path.write_text(json.dumps({"images": images}), encoding="utf-8")
    return path
