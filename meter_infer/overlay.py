"""From what a look saw to lines on the picture."""

import numpy as np
from numpy.typing import NDArray

from meter_infer.annotate import Polyline, Role
from meter_infer.calibration import PicturePoints
from meter_infer.reading.geometry import DialGeometry, TubeGeometry
from meter_infer.reading.look import Look

_STEPS = 72


def shapes_of(seen: Look) -> tuple[Polyline, ...]:
    """Return the scale, its two ends and the pointer or surface that a look found, in frame pixels."""
    shapes: list[Polyline] = []
    if seen.dial is not None:
        shapes += _dial_shapes(seen.dial)
    if seen.tube is not None:
        shapes += _tube_shapes(seen.tube, seen.fraction)
    if seen.pointer is not None:
        tip = seen.pointer.tip
        if seen.dial is not None and seen.fraction is not None:
            # between two looks the pointer moves on, and the fraction with it
            tip = seen.dial.point_at(seen.dial.angle_of_fraction(seen.fraction))
        shapes.append(Polyline(Role.POINTER, np.stack([seen.pointer.hub, tip])))
    return tuple(shapes)


def ends_of(seen: Look) -> tuple[NDArray[np.float64], ...]:
    """Return where the scale begins and ends, (2,) each in frame pixels; empty where no scale was found."""
    if seen.dial is not None:
        ends = seen.dial.polar(seen.dial.start_angle + np.array([0.0, seen.dial.span]), np.ones(1))[:, 0]
        return ends[0], ends[1]
    return (seen.tube.start, seen.tube.end) if seen.tube is not None else ()


def clicked_shapes(points: PicturePoints) -> tuple[Polyline, ...]:
    """Return a cross with its value for each point that a meter is calibrated by, frame pixels."""
    return tuple(
        Polyline(Role.CLICKED, np.array([place], dtype=np.float64), text=f"{value:g}")
        for value, place in points
    )


def _dial_shapes(dial: DialGeometry) -> list[Polyline]:
    angles = dial.start_angle + np.linspace(0.0, dial.span, _STEPS)
    arc = dial.polar(angles, np.ones(1))[:, 0]
    return [
        Polyline(Role.SCALE, arc),
        Polyline(Role.START, arc[:1]),
        Polyline(Role.END, arc[-1:]),
    ]


def _tube_shapes(tube: TubeGeometry, fraction: float | None) -> list[Polyline]:
    shapes = [
        Polyline(Role.SCALE, np.stack([tube.start, tube.end])),
        Polyline(Role.START, tube.start[None]),
        Polyline(Role.END, tube.end[None]),
    ]
    if fraction is not None:
        x, y = tube.direction
        across = np.array([-y, x]) * tube.width / 2
        level = tube.point_at(fraction)
        shapes.append(Polyline(Role.SURFACE, np.stack([level - across, level + across])))
    return shapes
