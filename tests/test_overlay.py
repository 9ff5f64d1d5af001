"""What is drawn of a look: where the pointer was read, and not where the networks saw it last."""

from dataclasses import replace

import numpy as np
import pytest

from meter_infer.annotate import Role
from meter_infer.overlay import clicked_shapes, shapes_of
from meter_infer.reading.look import look
from meter_infer.types import MeterKind
from tests.reading.plain_dial import View, shoot


@pytest.mark.parametrize("fraction", [0.1, 0.4, 0.9])
def test_the_pointer_is_drawn_where_it_was_read(fraction: float) -> None:
    shot = shoot(View(2.3, 4.7, 0.4, 0.2, 0.4, 320))
    seen, _ = look(MeterKind.POINTER, shot.luma, shot.box, shot.segments)
    followed = replace(seen, fraction=fraction)
    (drawn,) = (shape.points for shape in shapes_of(followed) if shape.role is Role.POINTER)
    assert seen.dial is not None
    assert seen.pointer is not None
    assert np.allclose(drawn[0], seen.pointer.hub)
    assert seen.dial.fraction_of_angle(seen.dial.angle_of(drawn[1])) == pytest.approx(fraction, abs=1e-6)


def test_calibration_points_are_drawn_where_they_were_given() -> None:
    shapes = clicked_shapes(((0.0, (30.0, 40.0)), (1600.0, (70.5, 20.0))))
    assert [shape.text for shape in shapes] == ["0", "1600"]
    assert {shape.role for shape in shapes} == {Role.CLICKED}
    assert np.array_equal(shapes[1].points, [[70.5, 20.0]])
