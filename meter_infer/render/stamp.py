"""A number in the corner of a picture, as small black and white squares that survive coding.

It says which rendered frame a decoded one is, whatever was lost on the way.
"""

import numpy as np
from numpy.typing import NDArray

SIDE = 8
"""Side of a square, pixels: half a macroblock."""
BITS = 16
_SQUARES = BITS + 3  # white, black, the bits from the highest, parity
WIDTH = _SQUARES * SIDE
"""What a picture must be wide, pixels."""


def draw_number(image: NDArray[np.uint8], number: int) -> None:
    """Write `number` (modulo 2^16) into the lower left corner of a BGR or grey picture, in place."""
    bits = [(number >> place) & 1 for place in reversed(range(BITS))]
    for place, bit in enumerate([1, 0, *bits, sum(bits) & 1]):
        image[-SIDE:, place * SIDE : (place + 1) * SIDE] = 255 if bit else 0


def read_number(luma: NDArray[np.uint8]) -> int | None:
    """Return the number in a luma plane, uint8 (height, width); None where there is none."""
    if luma.shape[1] < WIDTH or luma.shape[0] < SIDE:
        return None
    squares = luma[-SIDE // 2, SIDE // 2 : WIDTH : SIDE] > 127
    bits = squares[2:-1]
    if not squares[0] or squares[1] or bool(squares[-1]) != bool(np.count_nonzero(bits) & 1):
        return None
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
