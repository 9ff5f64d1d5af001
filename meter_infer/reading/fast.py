"""The frame-rate path: a meter whose geometry is known, read from the luma plane alone.

`look` needs the networks. Between two of their passes the meter stays where it is and only the pointer
or the liquid moves; finding that again takes a few table lookups. `FastDial` and `FastTube` are built
from a network pass, read every frame after it, and are told of the next pass by `verified`.
"""

from dataclasses import dataclass

from meter_infer.types import Reason

RELIT = 0.3
"""Change of the logarithm of brightness after which the networks should look."""


@dataclass(frozen=True, slots=True)
class FastReading:
    """What one frame says by the luma plane alone."""

    fraction: float | None
    """None where nothing was found."""
    confidence: float
    """0 to 1; from the contrast, its shape, and how much clearer it is than the second best."""
    reason: Reason = Reason.OK
    """Why there is no confidence; ok where there is."""
    relit: bool = False
    """The light changed much since the networks looked: they should look again, though this reading holds."""
