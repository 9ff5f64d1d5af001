"""Procedural backgrounds: walls, machines, pipes, sky and leaves, plain product backdrops.

They are drawn small and enlarged, so that a full HD one costs some tens of milliseconds; a little grain hides that.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.render.materials import F32, METALS, PAINTS, Color, jitter, noise, noise_tile, pick, scaled

_CONCRETE: tuple[Color, ...] = ((150, 152, 152), (120, 124, 126), (175, 178, 180), (95, 98, 100), (140, 150, 158))
_EARTH: tuple[Color, ...] = ((60, 90, 120), (50, 110, 70), (40, 80, 50), (90, 120, 140), (120, 130, 125), (80, 110, 130))


def _fill(rng: np.random.Generator, h: int, w: int, color: Color, cloud: float, grain: float) -> F32:
    """A mottled surface with uneven light, float32 (h, w, 3)."""
    gain = 1 + cloud * noise(rng, h, w, "cloud", max(h, w) / rng.uniform(150, 600))
    gain += grain * noise(rng, h, w, "grain")
    gain *= _light(rng, h, w)
    return np.asarray(gain[..., None] * np.array(color, np.float32), np.float32)


def _light(rng: np.random.Generator, h: int, w: int, strength: float = 0.35) -> F32:
    """A plane of light falling off in a random direction, around 1."""
    gx, gy = rng.uniform(-strength, strength, 2)
    x = np.linspace(-gx, gx, w, dtype=np.float32)[None, :]
    y = np.linspace(-gy, gy, h, dtype=np.float32)[:, None]
    return np.asarray(1 + (x + y) / 1.5, np.float32)


def _blend(image: F32, mask: F32, color: Color) -> None:
    a = np.clip(mask, 0, 1)[..., None]
    image += a * (np.array(color, np.float32) - image)


def _line(image: F32, a: tuple[float, float], b: tuple[float, float], color: Color, width: float) -> None:
    # float images take no anti-aliasing; the enlarging smooths the steps
    cv2.line(image, (round(a[0]), round(a[1])), (round(b[0]), round(b[1])), color, max(1, round(width)))


def painted_metal(rng: np.random.Generator, h: int, w: int) -> F32:
    """Paint with scratches, rust and run-off."""
    image = _fill(rng, h, w, pick(rng, (*PAINTS, *METALS)), rng.uniform(0.01, 0.1), rng.uniform(0, 0.04))
    if rng.random() < 0.5:
        rust = noise(rng, h, w, "cloud", max(h, w) / 300) * 0.6 + noise(rng, h, w, "mottle") * 0.4
        edge = rng.uniform(0.6, 2.2)
        _blend(image, (rust - edge) * 2.5, pick(rng, ((30, 60, 115), (40, 75, 130), (25, 40, 70))))
    if rng.random() < 0.35:
        image *= 1 + rng.uniform(0.02, 0.1) * noise(rng, h, w, "streak")[..., None]
    for _ in range(int(rng.integers(0, 12)) if rng.random() < 0.4 else 0):
        x, y, a = rng.uniform(0, w), rng.uniform(0, h), rng.uniform(0, 7)
        r = rng.uniform(0.02, 0.3) * w
        _line(image, (x, y), (x + r * np.cos(a), y + r * np.sin(a)), pick(rng, METALS), 1)
    return image


def concrete(rng: np.random.Generator, h: int, w: int) -> F32:
    """Concrete, stone or plaster."""
    image = _fill(rng, h, w, pick(rng, _CONCRETE), rng.uniform(0.04, 0.16), rng.uniform(0.01, 0.07))
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
    image = _fill(rng, h, w, pick(rng, ((60, 75, 140), (80, 100, 150), (190, 195, 198), (150, 155, 160), (215, 220, 222))), 0.05, 0.03)
    image *= tone[..., None]
    gap = ((np.arange(h) % bh) < joint)[:, None] | ((shifted % bw) < joint)
    _blend(image, gap.astype(np.float32) * 0.85, pick(rng, _CONCRETE))
    return image


def panel(rng: np.random.Generator, h: int, w: int) -> F32:
    """Sheet metal panels with seams, screws, slots and lamps."""
    image = _fill(rng, h, w, pick(rng, (*METALS, *PAINTS)), rng.uniform(0.005, 0.04), rng.uniform(0, 0.02))
    xs = np.sort(rng.uniform(0, w, int(rng.integers(0, 4))))
    ys = np.sort(rng.uniform(0, h, int(rng.integers(0, 4))))
    dark, bright = (35.0, 36.0, 38.0), (215.0, 218.0, 220.0)
    for x in xs:
        _line(image, (x, 0), (x, h), dark, w * 0.006)
        _line(image, (x + w * 0.008, 0), (x + w * 0.008, h), bright, 1)
    for y in ys:
        _line(image, (0, y), (w, y), dark, w * 0.006)
        _line(image, (0, y + w * 0.008), (w, y + w * 0.008), bright, 1)
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
        cv2.rectangle(image, (int(x), int(y)), (int(x + bw), int(y + bh)), scaled(color, 0.5), max(1, w // 200))
        if rng.random() < 0.4:
            for yy in np.linspace(y + bh * 0.15, y + bh * 0.85, int(rng.integers(3, 10))):
                _line(image, (x + bw * 0.15, yy), (x + bw * 0.85, yy), scaled(color, 0.35), w * 0.004)
    return image


def _pipe(rng: np.random.Generator, image: F32, a: NDArray[np.float64], b: NDArray[np.float64], ra: float, rb: float) -> None:
    """A shaded pipe from `a` to `b` whose radius runs from `ra` to `rb`."""
    d = b - a
    length = float(np.hypot(*d))
    if length < 1:
        return
    n = np.array([-d[1], d[0]]) / length
    color = pick(rng, (*METALS, *PAINTS))
    light = rng.uniform(-0.6, 0.6)
    edges = np.linspace(-1, 1, 10)
    for u0, u1 in zip(edges[:-1], edges[1:], strict=True):
        u = (u0 + u1) / 2
        shade = 0.3 + 0.75 * np.sqrt(max(0.0, 1 - u * u)) * (1 - 0.4 * abs(u - light)) + 0.5 * np.exp(-(((u - light) / 0.2) ** 2))
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
        poly = c + size * np.stack([np.cos(angles), np.sin(angles)], 1) * rng.uniform(0.6, 1.4, (len(angles), 1))
        cv2.fillPoly(image, [poly.round().astype(np.int32)], pick(rng, (*PAINTS, *METALS)))
    return _defocus(rng, image, 0.75)


def duct(rng: np.random.Generator, h: int, w: int) -> F32:
    """Corrugated or seamed sheet: ducts, containers, insulation."""
    image = _fill(rng, h, w, pick(rng, (*METALS, *PAINTS)), 0.04, 0.02)
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
    image = _fill(rng, h, w, pick(rng, ((30, 32, 34), (60, 65, 70), (90, 95, 100))), 0.15, 0.03)
    metal = pick(rng, METALS)
    for axis, n in ((0, h), (1, w)):
        pitch = max(4, n / rng.uniform(6, 40))
        line = np.clip(1.2 - np.abs((np.arange(n) % pitch) - pitch / 2) / (pitch * rng.uniform(0.06, 0.2)), 0, 1).astype(np.float32)
        _blend(image, np.broadcast_to(line[:, None] if axis == 0 else line[None, :], (h, w)) * rng.uniform(0.5, 1), scaled(metal, rng.uniform(0.6, 1.1)))
    return image


def outdoor(rng: np.random.Generator, h: int, w: int) -> F32:
    """Sky, leaves, ground and water."""
    sky_top, sky_low = jitter(rng, (225, 170, 110), 25), jitter(rng, (240, 232, 222), 15)
    t = np.linspace(0, 1, h, dtype=np.float32)[:, None, None]
    image = np.asarray(np.broadcast_to((1 - t) * np.array(sky_top, np.float32) + t * np.array(sky_low, np.float32), (h, w, 3)).copy(), np.float32)
    _blend(image, noise(rng, h, w, "cloud", w / 150) * 0.5, (245.0, 245.0, 245.0))
    horizon = rng.uniform(-0.2, 1.0) * h
    ground = _fill(rng, h, w, pick(rng, (*_EARTH, *_CONCRETE)), 0.2, 0.08)
    ground *= 1 + 0.25 * noise(rng, h, w, "mottle", rng.uniform(0.4, 2))[..., None]
    if rng.random() < 0.3:  # ripples
        ripple = cv2.resize(noise(rng, h, max(2, w // 5), "mottle"), (w, h))
        ground = _fill(rng, h, w, pick(rng, ((110, 150, 165), (130, 120, 90), (150, 150, 140))), 0.05, 0.0) * (1 + 0.12 * ripple[..., None])
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
    image = _fill(rng, h, w, pick(rng, ((225, 230, 232), (205, 212, 215), (190, 205, 215), (215, 205, 190), (160, 175, 180))), 0.012, 0.008)
    for _ in range(int(rng.integers(0, 5))):
        x, y = rng.uniform(-0.2, 1) * w, rng.uniform(-0.2, 1) * h
        bw, bh = rng.uniform(0.03, 0.5) * w, rng.uniform(0.03, 0.7) * h
        color = pick(rng, ((60, 100, 140), (40, 45, 50), (200, 205, 205), (120, 130, 135), (170, 190, 205), (120, 80, 60)))
        cv2.rectangle(image, (int(x), int(y)), (int(x + bw), int(y + bh)), color, -1)
        _line(image, (x + bw, y), (x + bw, y + bh), scaled(color, 0.6), w * 0.006)
    if rng.random() < 0.5:
        y = int(rng.uniform(0.6, 0.95) * h)
        image[y:] = _fill(rng, h - y, w, pick(rng, ((90, 130, 170), (110, 112, 115), (60, 80, 110), (180, 185, 188))), 0.06, 0.02)
    return _defocus(rng, image, 0.5)


def product(rng: np.random.Generator, h: int, w: int) -> F32:
    """The backdrop of a product picture: white, grey, a gradient, black, sometimes a colour."""
    draw = rng.random()
    if draw < 0.45:
        return np.full((h, w, 3), float(rng.choice([255, 255, 254, 252, 248])), np.float32)
    if draw < 0.6:
        return np.full((h, w, 3), float(rng.uniform(0, 30)), np.float32)
    color = jitter(rng, (225, 225, 225), 25) if draw < 0.9 else pick(rng, PAINTS)
    image = _light(rng, h, w, 0.3)
    if rng.random() < 0.6:
        y = np.linspace(-1, 1, h, dtype=np.float32)[:, None] - rng.uniform(-0.6, 0.6)
        x = np.linspace(-1, 1, w, dtype=np.float32)[None, :] - rng.uniform(-0.6, 0.6)
        image = image * (1.1 - rng.uniform(0.05, 0.35) * (x * x + y * y))
    return np.asarray(image[..., None] * np.array(color, np.float32), np.float32)


def texture(rng: np.random.Generator, h: int, w: int) -> F32:
    """Anything: noise of several scales in two or three colours."""
    image = _fill(rng, h, w, jitter(rng, (120, 120, 120), 50), rng.uniform(0.05, 0.4), rng.uniform(0, 0.15))
    for _ in range(int(rng.integers(1, 4))):
        kind = str(rng.choice(["cloud", "mottle", "streak", "cloud"]))
        mask = noise(rng, h, w, kind, float(np.exp(rng.uniform(-1, 1.5)))) - rng.uniform(-0.5, 1.5)
        _blend(image, mask * rng.uniform(0.4, 3), (float(rng.uniform(0, 255)), float(rng.uniform(0, 255)), float(rng.uniform(0, 255))))
    return image


def bokeh(rng: np.random.Generator, h: int, w: int) -> F32:
    """A room far out of focus: soft blocks and discs of light."""
    image = _fill(rng, h, w, jitter(rng, (90, 90, 90), 45), 0.3, 0.0)
    for _ in range(int(rng.integers(3, 14))):
        x, y = int(rng.uniform(0, w)), int(rng.uniform(0, h))
        color = (float(rng.uniform(0, 255)), float(rng.uniform(0, 255)), float(rng.uniform(0, 255)))
        gray = sum(color) / 3
        mix = rng.uniform(0.2, 1)
        color = (gray + (color[0] - gray) * mix, gray + (color[1] - gray) * mix, gray + (color[2] - gray) * mix)
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
    (product, 0.20), (painted_metal, 0.13), (concrete, 0.09), (bricks, 0.06), (panel, 0.10), (pipes, 0.15), (duct, 0.05),
    (grating, 0.03), (outdoor, 0.07), (office, 0.05), (texture, 0.04), (bokeh, 0.03),
)  # fmt: skip
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
