"""How a picture or a video says which way is up, and turning it so.

Orientations are numbered as in EXIF (CIPA DC-008, tag 0x0112): 1 is upright, 3 is turned by 180
degrees, 6 needs a quarter turn clockwise, 8 one anticlockwise; 2, 4, 5 and 7 are their mirror images.
"""

import struct
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

_Pixels = TypeVar("_Pixels", bound=NDArray[Any])

# (transpose, flip rows, flip columns) that turn a stored picture upright
_STEPS = {
    1: (False, False, False),
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}

# (a, b, c, d) of a display matrix, by sign -> orientation
_OF_MATRIX = {
    (1, 0, 0, 1): 1,
    (-1, 0, 0, 1): 2,
    (-1, 0, 0, -1): 3,
    (1, 0, 0, -1): 4,
    (0, 1, 1, 0): 5,
    (0, 1, -1, 0): 6,
    (0, -1, -1, 0): 7,
    (0, -1, 1, 0): 8,
}


def oriented(pixels: _Pixels, orientation: int) -> _Pixels:
    """Return a stored plane or picture, (h, w) or (h, w, channels), turned upright."""
    transpose, flip_rows, flip_columns = _STEPS.get(orientation, _STEPS[1])
    if not (transpose or flip_rows or flip_columns):
        return pixels
    turned: Any = pixels.swapaxes(0, 1) if transpose else pixels
    turned = turned[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]
    return cast(_Pixels, np.ascontiguousarray(turned))


def matrix_orientation(matrix: bytes) -> int:
    """Return the orientation of an FFmpeg display matrix (nine native int32); 1 for a slanted one.

    A point (x, y) of the stored picture is shown at (a x + c y, b x + d y): ISO 14496-12, 6.2.2.
    """
    if len(matrix) < 36:
        return 1
    a, b, _, c, d = struct.unpack_from("=5i", matrix)
    largest = max(abs(a), abs(b), abs(c), abs(d), 1)
    signs = tuple(round(number / largest) for number in (a, b, c, d))
    return _OF_MATRIX.get(signs, 1)
