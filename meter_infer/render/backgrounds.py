"""Procedural backgrounds: walls, machines, pipes, sky and leaves, plain product backdrops.

They are drawn small and enlarged, so that a full HD one costs some tens of milliseconds; a little grain
hides that.
"""

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.render.materials import F32, METALS, PAINTS, jitter, pick, scaled
from meter_infer.render.noise import noise, noise_tile
from meter_infer.render.surfaces import (
    CONCRETE,
    EARTH,
    blend,
    bricks,
    concrete,
    duct,
    fill,
    grating,
    light_plane,
    line,
    painted_metal,
    panel,
    texture,
)


def _pipe(
    rng: np.random.Generator, image: F32, a: NDArray[np.float64], b: NDArray[np.float64], ra: float, rb: float
) -> None:
    """A shaded pipe from `a` to `b` whose radius runs from `ra` to `rb`."""
    d = b - a
    length = float(np.hypot(*d))
    if length < 1:
        return
    n = np.array([-d[1], d[0]]) / length
    color = pick(rng, (*METALS, *PAINTS))
    light = rng.uniform(-0.6, 0.6)
    edges = np.linspace(-1, 1, 10)
    for u0, u1 in pairwise(edges):
        u = (u0 + u1) / 2
        shade = (
            0.3
            + 0.75 * np.sqrt(max(0.0, 1 - u * u)) * (1 - 0.4 * abs(u - light))
            + 0.5 * np.exp(-(((u - light) / 0.2) ** 2))
        )
        quad = np.array([a + n * ra * u0, b + n * rb * u0, b + n * rb * u1, a + n * ra * u1])
        cv2.fillConvexPoly(image, quad.round().astype(np.int32), scaled(color, float(shade)))
    for t in rng.uniform(0, 1, int(rng.integers(0, 4))):  # flanges
        c, r = a + d * t, ra + (rb - ra) * t
        along = d / length * r * rng.uniform(0.1, 0.3)
        wide = n * r * rng.uniform(1.2, 1.7)
        tone = scaled(color, rng.uniform(0.5, 1.2))
        quad = np.array([c - along - wide, c + along - wide, c + along + wide, c - along + wide])
        cv2.fillConvexPoly(image, quad.round().astype(np.int32), tone)
        quad = np.array([c - along - wide, c + along - wide, c + along - wide * 0.4, c - along - wide * 0.4])
        cv2.fillConvexPoly(image, quad.round().astype(np.int32), scaled(tone, 0.55))


def pipes(rng: np.random.Generator, h: int, w: int) -> F32:
    """Pipes and vessels in a plant."""
    image = (concrete if rng.random() < 0.5 else panel)(rng, h, w) * np.float32(rng.uniform(0.3, 1.0))
    for _ in range(int(rng.integers(2, 9))):
        horizontal = rng.random() < 0.45
        p, q = rng.uniform(0, 1, 2)
        tilt = rng.normal(0, 0.12)
        if horizontal:
            a, b = np.array([-0.1 * w, p * h]), np.array([1.1 * w, (p + tilt) * h])
        else:
            a, b = np.array([q * w, -0.1 * h]), np.array([(q + tilt) * w, 1.1 * h])
        if rng.random() < 0.3:
            b = a + (b - a) * rng.uniform(0.3, 0.8)
        r = min(h, w) * float(np.exp(rng.uniform(np.log(0.012), np.log(0.16))))
        _pipe(rng, image, a, b, r, r * rng.uniform(0.6, 1.4))
    for _ in range(int(rng.integers(0, 5))):  # machine bodies
        c = rng.uniform(0, 1, 2) * (w, h)
        size = rng.uniform(0.05, 0.25) * min(h, w)
        angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(4, 8))))
        poly = c + size * np.stack([np.cos(angles), np.sin(angles)], 1) * rng.uniform(
            0.6, 1.4, (len(angles), 1)
        )
        cv2.fillPoly(image, [poly.round().astype(np.int32)], pick(rng, (*PAINTS, *METALS)))
    return _defocus(rng, image, 0.75)


def outdoor(rng: np.random.Generator, h: int, w: int) -> F32:
    """Sky, leaves, ground and water."""
    sky_top, sky_low = jitter(rng, (225, 170, 110), 25), jitter(rng, (240, 232, 222), 15)
    t = np.linspace(0, 1, h, dtype=np.float32)[:, None, None]
    image = np.asarray(
        np.broadcast_to(
            (1 - t) * np.array(sky_top, np.float32) + t * np.array(sky_low, np.float32), (h, w, 3)
        ).copy(),
        np.float32,
    )
    blend(image, noise(rng, h, w, "cloud", w / 150) * 0.5, (245.0, 245.0, 245.0))
    horizon = rng.uniform(-0.2, 1.0) * h
    ground = fill(rng, h, w, pick(rng, (*EARTH, *CONCRETE)), 0.2, 0.08)
    ground *= 1 + 0.25 * noise(rng, h, w, "mottle", rng.uniform(0.4, 2))[..., None]
    if rng.random() < 0.3:  # ripples
        ripple = cv2.resize(noise(rng, h, max(2, w // 5), "mottle"), (w, h))
        ground = fill(rng, h, w, pick(rng, ((110, 150, 165), (130, 120, 90), (150, 150, 140))), 0.05, 0.0) * (
            1 + 0.12 * ripple[..., None]
        )
    row = horizon + noise(rng, 2, w, "cloud", w / 200)[0] * h * rng.uniform(0, 0.06)
    below = np.clip(np.arange(h, dtype=np.float32)[:, None] - row[None, :], 0, 1)[..., None]
    image = image * (1 - below) + ground * below
    if rng.random() < 0.7:
        leaf = noise(rng, h, w, "cloud", w / 250) + 0.5 * noise(rng, h, w, "mottle", rng.uniform(0.3, 1))
        edge = rng.uniform(-0.5, 1.5)
        green = pick(rng, ((40, 95, 55), (35, 70, 40), (60, 130, 90), (30, 60, 45)))
        tone = 1 + 0.45 * noise(rng, h, w, "mottle", rng.uniform(0.3, 0.8))
        a = np.clip((leaf - edge) * 3, 0, 1)[..., None]
        image = image * (1 - a) + a * tone[..., None] * np.array(green, np.float32)
    return _defocus(rng, np.asarray(image, np.float32), 0.6)


def office(rng: np.random.Generator, h: int, w: int) -> F32:
    """An inner wall with a door frame, a socket, a shelf or a desk."""
    image = fill(
        rng,
        h,
        w,
        pick(rng, ((225, 230, 232), (205, 212, 215), (190, 205, 215), (215, 205, 190), (160, 175, 180))),
        0.012,
        0.008,
    )
    for _ in range(int(rng.integers(0, 5))):
        x, y = rng.uniform(-0.2, 1) * w, rng.uniform(-0.2, 1) * h
        bw, bh = rng.uniform(0.03, 0.5) * w, rng.uniform(0.03, 0.7) * h
        color = pick(
            rng,
            ((60, 100, 140), (40, 45, 50), (200, 205, 205), (120, 130, 135), (170, 190, 205), (120, 80, 60)),
        )
        cv2.rectangle(image, (int(x), int(y)), (int(x + bw), int(y + bh)), color, -1)
        line(image, (x + bw, y), (x + bw, y + bh), scaled(color, 0.6), w * 0.006)
    if rng.random() < 0.5:
        y = int(rng.uniform(0.6, 0.95) * h)
        image[y:] = fill(
            rng,
            h - y,
            w,
            pick(rng, ((90, 130, 170), (110, 112, 115), (60, 80, 110), (180, 185, 188))),
            0.06,
            0.02,
        )
    return _defocus(rng, image, 0.5)


def product(rng: np.random.Generator, h: int, w: int) -> F32:
    """The backdrop of a product picture: white, grey, a gradient, black, sometimes a colour."""
    draw = rng.random()
    if draw < 0.45:
        return np.full((h, w, 3), float(rng.choice([255, 255, 254, 252, 248])), np.float32)
    if draw < 0.6:
        return np.full((h, w, 3), float(rng.uniform(0, 30)), np.float32)
    color = jitter(rng, (225, 225, 225), 25) if draw < 0.9 else pick(rng, PAINTS)
    image = light_plane(rng, h, w, 0.3)
    if rng.random() < 0.6:
        y = np.linspace(-1, 1, h, dtype=np.float32)[:, None] - rng.uniform(-0.6, 0.6)
        x = np.linspace(-1, 1, w, dtype=np.float32)[None, :] - rng.uniform(-0.6, 0.6)
        image = image * np.float32(1.1) - image * np.float32(rng.uniform(0.05, 0.35)) * (x * x + y * y)
    return np.asarray(image[..., None] * np.array(color, np.float32), np.float32)


def bokeh(rng: np.random.Generator, h: int, w: int) -> F32:
    """A room far out of focus: soft blocks and discs of light."""
    image = fill(rng, h, w, jitter(rng, (90, 90, 90), 45), 0.3, 0.0)
    for _ in range(int(rng.integers(3, 14))):
        x, y = int(rng.uniform(0, w)), int(rng.uniform(0, h))
        color = (float(rng.uniform(0, 255)), float(rng.uniform(0, 255)), float(rng.uniform(0, 255)))
        gray = sum(color) / 3
        mix = rng.uniform(0.2, 1)
        color = (
            gray + (color[0] - gray) * mix,
            gray + (color[1] - gray) * mix,
            gray + (color[2] - gray) * mix,
        )
        if rng.random() < 0.6:
            bw, bh = int(rng.uniform(0.05, 0.4) * w), int(rng.uniform(0.05, 0.5) * h)
            cv2.rectangle(image, (x, y), (x + bw, y + bh), color, -1)
        else:
            cv2.circle(image, (x, y), max(1, int(rng.uniform(0.01, 0.12) * w)), color, -1)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), max(1.0, w * rng.uniform(0.01, 0.05))), np.float32)


def _defocus(rng: np.random.Generator, image: F32, chance: float) -> F32:
    if rng.random() >= chance:
        return image
    k = max(1, int(image.shape[1] * rng.uniform(0.003, 0.03))) | 1
    return np.asarray(cv2.blur(cv2.blur(image, (k, k)), (k, k)), np.float32)


BACKGROUNDS: tuple[tuple[Callable[[np.random.Generator, int, int], F32], float], ...] = (
    (product, 0.20),
    (painted_metal, 0.13),
    (concrete, 0.09),
    (bricks, 0.06),
    (panel, 0.10),
    (pipes, 0.15),
    (duct, 0.05),
    (grating, 0.03),
    (outdoor, 0.07),
    (office, 0.05),
    (texture, 0.04),
    (bokeh, 0.03),
)
"""Makers and their shares."""


def draw_background(rng: np.random.Generator, width: int, height: int) -> NDArray[np.uint8]:
    """A random background, uint8 BGR (height, width, 3)."""
    makers = [maker for maker, _ in BACKGROUNDS]
    shares = np.array([share for _, share in BACKGROUNDS])
    maker = makers[int(rng.choice(len(makers), p=shares / shares.sum()))]
    scale = min(1.0, rng.uniform(220, 420) / max(width, height))
    w, h = max(8, round(width * scale)), max(8, round(height * scale))
    small = maker(rng, h, w)
    if maker is not product:
        small = small * np.float32(rng.uniform(0.55, 1.2))
    out = np.clip(small, 0, 255).astype(np.uint8)
    if (w, h) != (width, height):
        out = np.asarray(cv2.resize(out, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
        if maker is not product:
            out = _grain(rng, out, rng.uniform(1, 7))
    return out


def _grain(rng: np.random.Generator, image: NDArray[np.uint8], sigma: float) -> NDArray[np.uint8]:
    """Fine noise, one for all colours, from a tile."""
    tile = np.roll(noise_tile("grain"), tuple(int(v) for v in rng.integers(0, 512, 2)), (0, 1))
    h, w = image.shape[:2]
    up, down = (cv2.merge([np.clip(t, 0, 255).astype(np.uint8)] * 3) for t in (tile * sigma, -tile * sigma))
    for y in range(0, h, 512):
        for x in range(0, w, 512):
            part = image[y : y + 512, x : x + 512]
            ph, pw = part.shape[:2]
            part[:] = cv2.subtract(cv2.add(part, up[:ph, :pw]), down[:ph, :pw])
    return image
