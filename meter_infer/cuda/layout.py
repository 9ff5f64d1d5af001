"""The structures that kernels read and write, as NumPy types; each mirrors a struct of the .cu files."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from meter_infer.vision.resample import Corners, plan

RAYS = 120
"""Directions in which a mask is summed."""
MAX_LOOKED = 512
"""Candidates of one list that suppression can look at."""


def _struct(*fields: tuple[str, str] | tuple[str, str, tuple[int, ...]]) -> np.dtype[np.void]:
    return np.dtype([*fields], align=True)


SAMPLING = _struct(
    ("step", "f4", (2,)),
    ("corner", "f4", (2,)),
    ("origin", "i4", (2,)),
    ("extent", "i4", (2,)),
    ("factors", "i4", (2,)),
    ("clamp", "i4"),
    ("place", "i4", (4,)),
    ("padding", "i4"),
)
ITEM = np.dtype(
    [
        ("plane", "u8", (3,)),
        ("pitch", "i4", (3,)),
        ("stride", "i4", (3,)),
        ("outside", "i4", (3,)),
        ("padding", "i4"),
        ("sampling", SAMPLING, (2,)),
        ("matrix", "f4", (3, 4)),
    ],
    align=True,
)
VIEW = _struct(("scale", "f4"), ("offset", "f4", (2,)), ("size", "f4", (2,)))
LIMITS = _struct(
    ("score", "f4"), ("iou", "f4"), ("top_k", "i4"), ("keep", "i4"), ("first", "i4"),
    ("classes", "i4"), ("lists", "i4"), ("across", "i4"),
)  # fmt: skip
FOUND = _struct(("box", "f4", (4,)), ("score", "f4"), ("label", "i4"), ("anchor", "i4"))
JOB = _struct(
    ("image", "i4"), ("anchor", "i4"), ("low", "i4", (2,)), ("cells", "i4", (2,)), ("first", "i4"),
    ("threshold", "f4"), ("origin", "f4", (2,)),
)  # fmt: skip
SUMS = _struct(
    ("count", "f4"), ("total", "f4"), ("mean", "f4", (2,)), ("spread", "f4", (3,)),
    ("rays", "f4", (3, RAYS)),
)  # fmt: skip
"""`mean` and `spread` are weighted sums of x, y and of xx, xy, yy; `rays` of 1, distance and offset."""

SIZES = {
    "Sampling": SAMPLING, "Item": ITEM, "View": VIEW, "Limits": LIMITS, "Found": FOUND, "Job": JOB,
    "Sums": SUMS,
}  # fmt: skip
"""Each struct's name in the .cu files and its type here."""


def sampling_record(shape: tuple[int, int], corners: Corners, size: tuple[int, int]) -> NDArray[np.void]:
    """Return a `SAMPLING` for the rectangle `corners` of a plane (rows, columns) at `size` (width, height).

    Raises ValueError where the rectangle or the size is empty.
    """
    planned = plan(shape, corners, size)
    left, top, right, bottom = planned.window
    record = np.zeros((), SAMPLING)
    record["step"], record["corner"], record["factors"] = planned.step, planned.corner, planned.factors
    record["origin"], record["extent"] = (left, top), (max(0, right - left), max(0, bottom - top))
    record["clamp"] = planned.whole is not None
    record["place"] = planned.whole or (0, 0, *size)
    return record


def item_record(
    planes: Sequence[tuple[int, int, int]],
    samplings: Sequence[NDArray[np.void]],
    outside: Sequence[int],
    matrix: NDArray[np.floating],
) -> NDArray[np.void]:
    """Return an `ITEM`.

    Args:
        planes: address, row pitch and pixel stride in bytes of each of three planes; address 0 for a plane
            that is not there, which then is `outside` all over.
        samplings: of the first plane, and of the other two.
        outside: level 0 to 255 of each plane where there is no picture.
        matrix: (3, 4) from the planes' levels (p0, p1, p2, 1) to red, green, blue, 0 to 1.
    """
    record = np.zeros((), ITEM)
    for place, (address, pitch, stride) in enumerate(planes):
        record["plane"][place], record["pitch"][place], record["stride"][place] = address, pitch, stride
    record["sampling"][0], record["sampling"][1] = samplings
    record["outside"], record["matrix"] = outside, matrix
    return record
