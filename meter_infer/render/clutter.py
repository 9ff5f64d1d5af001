"""Things that look like dials or level glasses and are none: the detector's negatives."""

import numpy as np
from numpy.typing import NDArray

from meter_infer.render.clutter_controls import CONTROLS
from meter_infer.render.clutter_flat import FLAT
from meter_infer.render.clutter_round import ROUND
from meter_infer.render.materials import Sheet, weather

CLUTTER = (*ROUND, *CONTROLS, *FLAT)
"""Every maker, called with a generator and the longer side in px; each returns a Sheet."""


def draw_clutter(rng: np.random.Generator, size: int) -> NDArray[np.uint8]:
    """A random thing that is no meter, straight alpha uint8 BGRA (h, w, 4); its longer side is `size` px."""
    sheet: Sheet = CLUTTER[int(rng.integers(len(CLUTTER)))](rng, max(16, size))
    weather(rng, sheet, float(rng.beta(1.2, 2.2)))
    if rng.random() < 0.6:
        h, w = sheet.shape
        gx, gy = rng.uniform(-0.35, 0.35, 2)
        x = np.linspace(-gx, gx, w, dtype=np.float32)[None, :]
        sheet.tint(np.asarray(1 + x + np.linspace(-gy, gy, h, dtype=np.float32)[:, None], np.float32))
    return sheet.bgra()
