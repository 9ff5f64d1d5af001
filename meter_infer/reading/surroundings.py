"""Where around a meter an anchor may be set: on what stands still while the meter's reading changes."""

import numpy as np

from meter_infer.reading.anchor import Anchor
from meter_infer.reading.dial import PointerLine
from meter_infer.reading.geometry import DialGeometry, TubeGeometry, inverse
from meter_infer.types import Luma


def around_dial(luma: Luma, geometry: DialGeometry, pointer: PointerLine, broad: float) -> Anchor | None:
    """Return an anchor on a dial's face, rim and surroundings, but for where the pointer stands.

    Args:
        luma: the frame, uint8 (height, width).
        geometry: the dial in it.
        pointer: its pointer.
        broad: half-width of what that covers, as a share of its length.

    None where there is no room or no structure.
    """
    height, width = luma.shape
    reach = 1.6 * np.sqrt((geometry.axes**2).sum(axis=1))
    margin = 9
    x1, y1 = (int(v) for v in np.maximum(np.floor(geometry.center - reach), margin))
    x2, y2 = (int(v) for v in np.minimum(np.ceil(geometry.center + reach), (width - margin, height - margin)))
    if x2 - x1 < 24 or y2 - y1 < 24:
        return None
    hub, tip = geometry.to_dial(pointer.hub), geometry.to_dial(pointer.tip)
    length = float(np.linalg.norm(tip - hub))
    # Dial coordinates of each pixel, column and row apart: half a million points as pairs take 40 ms.
    (a, b), (c, d) = inverse(geometry.axes).tolist()
    x = np.arange(x1, x2, dtype=np.float32) + np.float32(0.5 - geometry.center[0])
    y = (np.arange(y1, y2, dtype=np.float32) + np.float32(0.5 - geometry.center[1]))[:, None]
    u, v = a * x + b * y, c * x + d * y
    free = u * u + v * v < 1.6**2
    (hub_u, hub_v), (tip_u, tip_v) = hub.tolist(), tip.tolist()
    u -= hub_u
    v -= hub_v
    beside = np.abs((hub_v - tip_v) / length * u + (tip_u - hub_u) / length * v)
    square = u * u + v * v
    # The tail, and the pointer's inner half, sweep over too much of the face.
    free &= square > (0.6 * length) ** 2
    free &= (beside > broad * length) | (square > (1.06 * length) ** 2)
    anchor = Anchor(luma, free, (x1, y1), geometry.center)
    return anchor if anchor.usable else None


def around_tube(luma: Luma, geometry: TubeGeometry) -> Anchor | None:
    """Return an anchor on what stands around a tube in a frame (uint8, height x width), or None as above."""
    height, width = luma.shape
    margin = 9
    reach = max(1.5 * geometry.width, 0.35 * geometry.length)
    ends = np.stack([geometry.point_at(-0.25), geometry.point_at(1.25)])
    x1, y1 = (int(v) for v in np.maximum(np.floor(ends.min(axis=0) - reach), margin))
    x2, y2 = (
        int(v) for v in np.minimum(np.ceil(ends.max(axis=0) + reach), (width - margin, height - margin))
    )
    if x2 - x1 < 24 or y2 - y1 < 24:
        return None
    x = np.arange(x1, x2, dtype=np.float32) + np.float32(0.5 - geometry.start[0])
    y = (np.arange(y1, y2, dtype=np.float32) + np.float32(0.5 - geometry.start[1]))[:, None]
    (a, b), (c, d) = (geometry.direction / geometry.length).tolist(), geometry.normal.tolist()
    along, across = a * x + b * y, np.abs(c * x + d * y)
    free = (across < reach) & (along > -0.25) & (along < 1.25)
    free &= (across > 0.7 * geometry.width) | (along < -0.1) | (along > 1.1)
    anchor = Anchor(luma, free, (x1, y1), geometry.point_at(0.5))
    return anchor if anchor.usable else None
