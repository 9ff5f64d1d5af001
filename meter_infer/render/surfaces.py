"""Flat surfaces that fill a background: paint, concrete, bricks, panels, sheet metal, gratings."""

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.render.materials import F32, METALS, PAINTS, Color, jitter, pick, scaled
from meter_infer.render.noise import noise

CONCRETE: tuple[Color, ...] = (
    (150, 152, 152),
    (120, 124, 126),
    (175, 178, 180),
    (95, 98, 100),
    (140, 150, 158),
)
EARTH: tuple[Color, ...] = (
    (60, 90, 120),
    (50, 110, 70),
    (40, 80, 50),
    (90, 120, 140),
    (120, 130, 125),
    (80, 110, 130),
)


def fill(rng: np.random.Generator, h: int, w: int, color: Color, cloud: float, grain: float) -> F32:
    """A mottled surface with uneven light, float32 (h, w, 3)."""
    gain = 1 + cloud * noise(rng, h, w, "cloud", max(h, w) / rng.uniform(150, 600))
    gain += grain * noise(rng, h, w, "grain")
    gain *= light_plane(rng, h, w)
    return np.asarray(gain[..., None] * np.array(color, np.float32), np.float32)


def light_plane(rng: np.random.Generator, h: int, w: int, strength: float = 0.35) -> F32:
    """A plane of light falling off in a random direction, around 1."""
    gx, gy = rng.uniform(-strength, strength, 2)
    x = np.linspace(-gx, gx, w, dtype=np.float32)[None, :]
    y = np.linspace(-gy, gy, h, dtype=np.float32)[:, None]
    return np.asarray(1 + (x + y) / 1.5, np.float32)


def blend(image: F32, mask: NDArray[np.floating], color: Color) -> None:
    """Lay a colour over a float picture (h, w, 3), in place."""
    a = np.clip(mask, 0, 1).astype(np.float32)[..., None]
    image += a * (np.array(color, np.float32) - image)


def line(image: F32, a: tuple[float, float], b: tuple[float, float], color: Color, width: float) -> None:
    """A straight line on a float picture, in place."""
    # float images take no anti-aliasing; the enlarging smooths the steps
    cv2.line(image, (round(a[0]), round(a[1])), (round(b[0]), round(b[1])), color, max(1, round(width)))


def painted_metal(rng: np.random.Generator, h: int, w: int) -> F32:
    """Paint with scratches, rust and run-off."""
    image = fill(rng, h, w, pick(rng, (*PAINTS, *METALS)), rng.uniform(0.01, 0.1), rng.uniform(0, 0.04))
    if rng.random() < 0.5:
        rust = noise(rng, h, w, "cloud", max(h, w) / 300) * 0.6 + noise(rng, h, w, "mottle") * 0.4
        edge = rng.uniform(0.6, 2.2)
        blend(image, (rust - edge) * 2.5, pick(rng, ((30, 60, 115), (40, 75, 130), (25, 40, 70))))
    if rng.random() < 0.35:
        image *= 1 + rng.uniform(0.02, 0.1) * noise(rng, h, w, "streak")[..., None]
    for _ in range(int(rng.integers(0, 12)) if rng.random() < 0.4 else 0):
        x, y, a = rng.uniform(0, w), rng.uniform(0, h), rng.uniform(0, 7)
        r = rng.uniform(0.02, 0.3) * w
        line(image, (x, y), (x + r * np.cos(a), y + r * np.sin(a)), pick(rng, METALS), 1)
    return image


def concrete(rng: np.random.Generator, h: int, w: int) -> F32:
    """Concrete, stone or plaster."""
    image = fill(rng, h, w, pick(rng, CONCRETE), rng.uniform(0.04, 0.16), rng.uniform(0.01, 0.07))
    image *= 1 + rng.uniform(0, 0.08) * noise(rng, h, w, "mottle", rng.uniform(0.4, 1.5))[..., None]
    if rng.random() < 0.3:
        for _ in range(int(rng.integers(1, 4))):
            x = rng.uniform(0, w, 6) * 0.2 + rng.uniform(0, w)
            points = np.stack([np.cumsum(rng.normal(0, w * 0.03, 6)) + x[0], np.linspace(0, h, 6)], 1)
            cv2.polylines(image, [points.round().astype(np.int32)], False, (50, 52, 54), 1)
    return image


def bricks(rng: np.random.Generator, h: int, w: int) -> F32:
    """A wall of bricks or tiles."""
    bw = max(8, int(w * rng.uniform(0.06, 0.3)))
    bh = max(4, int(bw * rng.choice([0.33, 0.45, 1.0])))
    joint = max(1, int(bh * rng.uniform(0.04, 0.12)))
    offset = bw // 2 if rng.random() < 0.75 else 0
    rows, cols = np.arange(h) // bh, np.arange(w)
    shifted = cols[None, :] + (rows % 2)[:, None] * offset + int(rng.integers(bw))
    cell = rng.normal(0, rng.uniform(0.02, 0.12), (h // bh + 1, w // bw + 3)).astype(np.float32)
    tone = 1 + cell[rows[:, None], shifted // bw]
    image = fill(
        rng,
        h,
        w,
        pick(rng, ((60, 75, 140), (80, 100, 150), (190, 195, 198), (150, 155, 160), (215, 220, 222))),
        0.05,
        0.03,
    )
    image *= tone[..., None]
    gap = ((np.arange(h) % bh) < joint)[:, None] | ((shifted % bw) < joint)
    blend(image, gap.astype(np.float32) * 0.85, pick(rng, CONCRETE))
    return image


def panel(rng: np.random.Generator, h: int, w: int) -> F32:
    """Sheet metal panels with seams, screws, slots and lamps."""
    image = fill(rng, h, w, pick(rng, (*METALS, *PAINTS)), rng.uniform(0.005, 0.04), rng.uniform(0, 0.02))
    xs = np.sort(rng.uniform(0, w, int(rng.integers(0, 4))))
    ys = np.sort(rng.uniform(0, h, int(rng.integers(0, 4))))
    dark, bright = (35.0, 36.0, 38.0), (215.0, 218.0, 220.0)
    for x in xs:
        line(image, (x, 0), (x, h), dark, w * 0.006)
        line(image, (x + w * 0.008, 0), (x + w * 0.008, h), bright, 1)
    for y in ys:
        line(image, (0, y), (w, y), dark, w * 0.006)
        line(image, (0, y + w * 0.008), (w, y + w * 0.008), bright, 1)
    r = max(1, int(w * rng.uniform(0.005, 0.014)))
    for x in xs:
        for y in np.arange(rng.uniform(0, h * 0.2), h, h * rng.uniform(0.12, 0.4)):
            cv2.circle(image, (int(x + 4 * r), int(y)), r, bright, -1)
            cv2.circle(image, (int(x + 4 * r), int(y)), r, dark, 1)
    for _ in range(int(rng.integers(0, 4))):  # cabinets and cut-outs
        x, y = rng.uniform(-0.1, 0.9) * w, rng.uniform(-0.1, 0.9) * h
        bw, bh = rng.uniform(0.05, 0.4) * w, rng.uniform(0.05, 0.4) * h
        color = pick(rng, (*PAINTS, *METALS))
        cv2.rectangle(image, (int(x), int(y)), (int(x + bw), int(y + bh)), color, -1)
        cv2.rectangle(
            image, (int(x), int(y)), (int(x + bw), int(y + bh)), scaled(color, 0.5), max(1, w // 200)
        )
        if rng.random() < 0.4:
            for yy in np.linspace(y + bh * 0.15, y + bh * 0.85, int(rng.integers(3, 10))):
                line(image, (x + bw * 0.15, yy), (x + bw * 0.85, yy), scaled(color, 0.35), w * 0.004)
    return image


def duct(rng: np.random.Generator, h: int, w: int) -> F32:
    """Corrugated or seamed sheet: ducts, containers, insulation."""
    image = fill(rng, h, w, pick(rng, (*METALS, *PAINTS)), 0.04, 0.02)
    n = w if rng.random() < 0.6 else h
    t = np.arange(n, dtype=np.float32) / n * rng.uniform(3, 30)
    wave = np.sin(2 * np.pi * t) if rng.random() < 0.5 else np.clip(6 * np.sin(2 * np.pi * t), -1, 1)
    if rng.random() < 0.5:
        wave = np.gradient(wave) * n / 60
    gain = 1 + rng.uniform(0.05, 0.35) * np.clip(wave, -1.5, 1.5)
    image *= (gain[None, :, None] if n == w else gain[:, None, None]).astype(np.float32)
    return image


def grating(rng: np.random.Generator, h: int, w: int) -> F32:
    """A walkway's grating or a mesh in front of something dark."""
    image = fill(rng, h, w, pick(rng, ((30, 32, 34), (60, 65, 70), (90, 95, 100))), 0.15, 0.03)
    metal = pick(rng, METALS)
    for axis, n in ((0, h), (1, w)):
        pitch = max(4, n / rng.uniform(6, 40))
        line = np.clip(
            1.2 - np.abs((np.arange(n) % pitch) - pitch / 2) / (pitch * rng.uniform(0.06, 0.2)), 0, 1
        ).astype(np.float32)
        blend(
            image,
            np.broadcast_to(line[:, None] if axis == 0 else line[None, :], (h, w)) * rng.uniform(0.5, 1),
            scaled(metal, rng.uniform(0.6, 1.1)),
        )
    return image


def texture(rng: np.random.Generator, h: int, w: int) -> F32:
    """Anything: noise of several scales in two or three colours."""
    image = fill(rng, h, w, jitter(rng, (120, 120, 120), 50), rng.uniform(0.05, 0.4), rng.uniform(0, 0.15))
    for _ in range(int(rng.integers(1, 4))):
        kind = str(rng.choice(["cloud", "mottle", "streak", "cloud"]))
        mask = noise(rng, h, w, kind, float(np.exp(rng.uniform(-1, 1.5)))) - rng.uniform(-0.5, 1.5)
        blend(
            image,
            mask * rng.uniform(0.4, 3),
            (float(rng.uniform(0, 255)), float(rng.uniform(0, 255)), float(rng.uniform(0, 255))),
        )
    return image
