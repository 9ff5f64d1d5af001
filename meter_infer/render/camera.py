"""What a camera does to a scene: light, exposure, blur, noise, infrared, compression, text.

Each effect is a pure function of a BGR uint8 picture (h, w, 3). `sample_camera` draws a camera's
settings and `apply_camera` runs it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

_NOISE_SIZE = 900
_CHROMA_LEVELS = (0.0, 0.5, 1.0)


class Severity(StrEnum):
    """How rough the pictures are."""

    MILD = "mild"
    MIXED = "mixed"
    """70 % mild, 30 % hard."""
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class Shadow:
    """A hard shadow's edge across the picture."""

    point: tuple[float, float]
    """A point of the edge, shares of width and height."""
    angle_rad: float
    darkness: float
    """0 to 1."""
    softness: float
    """Width of the edge, share of the longer side."""
    band: float | None
    """Width of a shadow with two edges (a beam, a pipe), share of the longer side; None: a half plane."""


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """One camera's picture quality. Lengths are px of the picture it is applied to."""

    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """White balance: factors of blue, green and red."""
    exposure: float = 1.0
    """Factor; above 1 the lights clip."""
    gamma: float = 1.0
    """Exponent of the tone curve; above 1 darkens the middle."""
    lift: float = 0.0
    """Haze: the black level, 0 to 1."""
    shadow: Shadow | None = None
    vignette: float = 0.0
    """Darkening of the corners, 0 to 1."""
    softness: float = 0.0
    """Deviation of the blur of a sharp picture: lens, colour filter, sensor."""
    defocus: float = 0.0
    """Radius of the disc of confusion."""
    motion: float = 0.0
    """Length of the motion blur."""
    motion_angle_rad: float = 0.0
    read_noise: float = 0.0
    """Deviation in grey levels, independent of the light."""
    shot_noise: float = 0.0
    """Deviation at white, grey levels; grows with the root of the light."""
    chroma_noise: float = 1.0
    """Share of the noise that is coloured, 0 to 1."""
    denoise: bool = False
    """The camera smooths its noise away, and texture with it."""
    infrared: bool = False
    sharpen: float = 0.0
    """Strength of the unsharp mask; above about 1 it leaves halos."""
    downscale: float = 1.0
    """The picture went through this smaller scale."""
    quality: int = 95
    """JPEG quality of the compression; chroma at half resolution. 100: none."""
    overlay: str | None = None
    """Text the recorder writes into a corner."""
    seed: int = 0
    """Of the noise's pattern."""

    @property
    def blur_px(self) -> float:
        """Deviation of the blur by defocus and motion, about, px."""
        return float(np.sqrt(self.defocus**2 / 4 + self.motion**2 / 12))


def sample_camera(
    rng: np.random.Generator,
    severity: Severity = Severity.MIXED,
    object_px: float | None = None,
    overlay_share: float = 0.2,
) -> CameraSettings:
    """Sample a camera. `object_px`, the size of the thing looked at, keeps mild blur from erasing it."""
    hard = severity is Severity.HARD or (severity is Severity.MIXED and rng.random() < 0.3)
    size = 200.0 if object_px is None else object_px
    low_light = rng.random() < (0.35 if hard else 0.1)
    infrared = rng.random() < (0.16 if hard else 0.06)
    exposure = float(np.exp(rng.normal(0.0, 0.15)))
    if low_light:
        exposure = float(np.exp(rng.uniform(np.log(0.12 if hard else 0.3), np.log(0.6))))
    elif hard and rng.random() < 0.25:
        exposure = float(rng.uniform(1.3, 2.2))
    cast = np.exp(rng.normal(0.0, 0.12 if rng.random() < 0.25 else 0.04, 3))
    blurred = rng.random() < (0.5 if hard else 0.2)
    blur = float(rng.uniform(0.3, 1.0)) * size * (0.024 if hard else 0.009) if blurred else 0.0
    moving = rng.random() < 0.4
    noise = float(np.exp(rng.uniform(np.log(0.5), np.log(9.0 if hard else 4.0))))
    if low_light or infrared:
        noise = noise * 1.6 + 1.0
    quality = int(rng.integers(20, 70)) if hard else int(rng.integers(50, 98))
    return CameraSettings(
        gains=(float(cast[0]), float(cast[1]), float(cast[2])),
        exposure=exposure,
        gamma=float(np.exp(rng.normal(0.0, 0.16))),
        lift=float(rng.uniform(0.02, 0.2)) if rng.random() < 0.15 else 0.0,
        shadow=_sample_shadow(rng) if rng.random() < (0.35 if hard else 0.15) else None,
        vignette=float(rng.uniform(0.1, 0.7)) if rng.random() < 0.25 or infrared else 0.0,
        softness=float(rng.uniform(0.3, 0.85)) if rng.random() < 0.6 else 0.0,
        defocus=min(14.0, blur) if blurred and not moving else 0.0,
        motion=min(30.0, blur * 1.8) if blurred and moving else 0.0,
        motion_angle_rad=float(rng.uniform(0, np.pi)),
        read_noise=noise * 0.5,
        shot_noise=noise,
        chroma_noise=float(rng.uniform(0.2, 1.0)),
        denoise=bool(rng.random() < 0.12),
        infrared=bool(infrared or rng.random() < 0.03),
        sharpen=float(rng.uniform(0.2, 1.8)) if rng.random() < 0.35 else 0.0,
        downscale=float(rng.uniform(0.45, 0.85))
        if rng.random() < (0.3 if hard else 0.1) and size > 60
        else 1.0,
        quality=quality,
        overlay=_sample_text(rng) if rng.random() < overlay_share else None,
        seed=int(rng.integers(1 << 30)),
    )


def apply_camera(image: Image, s: CameraSettings) -> Image:
    """Return the picture as this camera records it: same size, BGR uint8."""
    out = image
    if s.shadow is not None:
        out = cast_shadow(out, s.shadow)
    if s.infrared:
        out = to_infrared(out)
    out = tone(out, s.gains if not s.infrared else (1.0, 1.0, 1.0), s.exposure, s.gamma, s.lift)
    if s.vignette > 0:
        out = vignette(out, s.vignette)
    if s.softness > 0:
        out = np.asarray(cv2.GaussianBlur(out, (0, 0), s.softness), dtype=np.uint8)
    if s.defocus > 0.3:
        out = defocus(out, s.defocus)
    if s.motion > 0.6:
        out = motion_blur(out, s.motion, s.motion_angle_rad)
    if s.read_noise > 0 or s.shot_noise > 0:
        out = sensor_noise(out, s.read_noise, s.shot_noise, 0.0 if s.infrared else s.chroma_noise, s.seed)
    if s.denoise:
        out = np.asarray(cv2.bilateralFilter(out, 5, 24, 2), dtype=np.uint8)
    if s.downscale < 1.0:
        out = through_scale(out, s.downscale)
    if s.sharpen > 0:
        out = sharpen(out, s.sharpen)
    if s.overlay is not None:
        out = write_text(out, s.overlay, s.seed)
    if s.quality < 100:
        out = compress(out, s.quality)
    return out


def tone(image: Image, gains: Sequence[float], exposure: float, gamma: float, lift: float) -> Image:
    """Apply white balance, exposure, tone curve and haze in one table."""
    x = np.linspace(0.0, 1.0, 256)[:, None] * np.asarray(gains)[None, :]
    # Exposure works on light, the picture holds its root: sRGB is about a power of 2.2.
    y = np.clip(x * exposure ** (1 / 2.2) if exposure < 1 else x * exposure, 0, 1) ** gamma
    table = np.round((lift + (1 - lift) * y) * 255).astype(np.uint8)
    return np.asarray(cv2.LUT(image, table[None]), dtype=np.uint8)


def cast_shadow(image: Image, shadow: Shadow) -> Image:
    """Darken one side of an edge, or a band."""
    h, w = image.shape[:2]
    longer = max(h, w)
    c, s = float(np.cos(shadow.angle_rad)), float(np.sin(shadow.angle_rad))
    x = (np.arange(w, dtype=np.float32) - shadow.point[0] * w) * (c / longer)
    y = (np.arange(h, dtype=np.float32) - shadow.point[1] * h) * (s / longer)
    d = x[None, :] + y[:, None]
    if shadow.band is not None:
        d = shadow.band / 2 - np.abs(d)
    lit = np.clip(0.5 - d / max(shadow.softness, 1.0 / longer), 0.0, 1.0)
    keep = (255 * (1.0 - shadow.darkness * (1.0 - lit))).astype(np.uint8)
    return np.asarray(cv2.multiply(image, cv2.merge([keep, keep, keep]), scale=1 / 255), dtype=np.uint8)


def vignette(image: Image, strength: float) -> Image:
    """Darken towards the corners by up to `strength`."""
    h, w = image.shape[:2]
    x = np.linspace(-1, 1, 32, dtype=np.float32)
    r2 = (x[None, :] ** 2 + x[:, None] ** 2) / 2
    keep = cv2.resize((255 * (1.0 - strength * r2)).astype(np.uint8), (w, h), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.multiply(image, cv2.merge([keep, keep, keep]), scale=1 / 255), dtype=np.uint8)


def defocus(image: Image, radius: float) -> Image:
    """Blur with a disc of this radius, px."""
    half = int(np.ceil(radius))
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    kernel = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    return np.asarray(
        cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE), np.uint8
    )


def motion_blur(image: Image, length: float, angle_rad: float) -> Image:
    """Blur along a straight line of this length, px."""
    half = int(np.ceil(length / 2)) + 1
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.uint8)
    d = np.array([np.cos(angle_rad), np.sin(angle_rad)]) * length / 2
    a, b = (np.round((half + s * d) * 16).astype(int).tolist() for s in (-1, 1))
    cv2.line(kernel, a, b, 255, 1, cv2.LINE_AA, 4)
    k = kernel.astype(np.float32)
    return np.asarray(cv2.filter2D(image, -1, k / k.sum(), borderType=cv2.BORDER_REPLICATE), np.uint8)


@lru_cache(maxsize=3)
def _noise_bank(level: int) -> NDArray[np.float32]:
    """Return standard normal noise (n, n, 3), grey, half or wholly coloured: drawing it anew is slow."""
    rng = np.random.default_rng([0x6E6F6973, level])
    chroma = _CHROMA_LEVELS[level]
    grey = rng.standard_normal((_NOISE_SIZE, _NOISE_SIZE, 1), dtype=np.float32)
    color = rng.standard_normal((_NOISE_SIZE, _NOISE_SIZE, 3), dtype=np.float32)
    return np.asarray(color * np.float32(chroma) + grey * np.float32(np.sqrt(1 - chroma * chroma)))


def sensor_noise(image: Image, read: float, shot: float, chroma: float, seed: int) -> Image:
    """Add a sensor's noise: `read` grey levels everywhere, `shot` at white and with the root of the light.

    `chroma`, the coloured share, is taken as 0, 0.5 or 1, whichever is next.
    """
    h, w = image.shape[:2]
    rng = np.random.default_rng(seed)
    bank = _noise_bank(int(np.argmin([abs(chroma - c) for c in _CHROMA_LEVELS])))
    if h > _NOISE_SIZE or w > _NOISE_SIZE:
        bank = np.tile(bank, (-(-h // _NOISE_SIZE), -(-w // _NOISE_SIZE), 1))
    y, x = (int(rng.integers(0, n - m + 1)) for n, m in zip(bank.shape, (h, w), strict=False))
    table = np.sqrt(read**2 + shot**2 * np.arange(256) / 255).astype(np.float32)
    noise = cv2.multiply(cv2.LUT(image, table), bank[y : y + h, x : x + w])
    return np.asarray(cv2.add(image, noise, dtype=cv2.CV_8U), dtype=np.uint8)


def to_infrared(image: Image) -> Image:
    """Return the picture as a night camera sees it: grey, reds and dyes brighter than by day."""
    weights = np.array([[0.15, 0.3, 0.6]], np.float32)
    grey = cv2.transform(image, weights)
    return np.asarray(cv2.merge([grey, grey, grey]), dtype=np.uint8)


def sharpen(image: Image, strength: float) -> Image:
    """Sharpen by an unsharp mask of 1.2 px; strong ones leave halos."""
    soft = cv2.GaussianBlur(image, (0, 0), 1.2)
    return np.asarray(cv2.addWeighted(image, 1 + strength, soft, -strength, 0), dtype=np.uint8)


def through_scale(image: Image, scale: float) -> Image:
    """Return the picture after it went through a smaller size."""
    h, w = image.shape[:2]
    small = cv2.resize(
        image, (max(4, round(w * scale)), max(4, round(h * scale))), interpolation=cv2.INTER_AREA
    )
    return np.asarray(cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def compress(image: Image, quality: int) -> Image:
    """Return the picture after JPEG with half-resolution chroma: much as a key frame of H.264 looks."""
    options = [
        cv2.IMWRITE_JPEG_QUALITY,
        quality,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
    ]
    _, data = cv2.imencode(".jpg", image, options)
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)


def write_text(image: Image, text: str, seed: int) -> Image:
    """Write a recorder's text into a corner chosen by `seed`."""
    out = image.copy()
    h, w = out.shape[:2]
    scale = max(0.3, min(h, w) / 900)
    (tw, th), base = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    margin = max(2, w // 80)
    x = margin if seed % 2 == 0 else max(margin, w - tw - margin)
    y = margin + th if (seed // 2) % 3 else h - margin - base
    thickness = max(1, round(scale * 1.6))
    if (seed // 6) % 2:
        cv2.putText(out, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), thickness + 2, cv2.LINE_AA)
    cv2.putText(out, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), thickness, cv2.LINE_AA)
    return out


def _sample_shadow(rng: np.random.Generator) -> Shadow:
    return Shadow(
        point=(float(rng.uniform(0.2, 0.8)), float(rng.uniform(0.2, 0.8))),
        angle_rad=float(rng.uniform(-np.pi, np.pi)),
        darkness=float(rng.uniform(0.25, 0.75)),
        softness=float(np.exp(rng.uniform(np.log(0.004), np.log(0.08)))),
        band=float(rng.uniform(0.05, 0.3)) if rng.random() < 0.4 else None,
    )


def _sample_text(rng: np.random.Generator) -> str:
    name = str(rng.choice(("CAM", "Camera", "IPC", "CH", "BOILER", "PUMP", "TANK", "Line")))
    stamp = (
        f"20{rng.integers(15, 31):02d}-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d} "
        f"{rng.integers(24):02d}:{rng.integers(60):02d}:{rng.integers(60):02d}"
    )
    return str(
        rng.choice((f"{name} {rng.integers(1, 33):02d}", stamp, f"{stamp} {name}{rng.integers(1, 9)}"))
    )
