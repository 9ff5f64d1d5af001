"""Painting a face: tone, sectors, scales, lettering, dirt."""

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.render.canvas import OUTER, Canvas, filled
from meter_infer.render.dial_marks import paint_mark
from meter_infer.render.dial_style import DialStyle, FaceStyle, Lettering, ScaleStyle, Shape

Image = NDArray[np.uint8]


def _scale(canvas: Canvas, scale: ScaleStyle) -> None:
    for radius, width, color in scale.lines:
        canvas.ring(scale.center, radius - width / 2, radius + width / 2, scale.start, scale.span, color)
    for row in scale.rows:
        angles = scale.start + scale.span * np.array(row.fractions)
        if row.dot:
            mid = (row.r0 + row.r1) / 2
            for a in angles:
                at = scale.center[0] + mid * float(np.cos(a)), scale.center[1] + mid * float(np.sin(a))
                canvas.disc(at, max(row.width) * 0.9, row.color)
        else:
            canvas.bars(scale.center, angles, row.r0, row.r1, row.width, row.color)
    numerals = scale.numerals
    if numerals is None:
        return
    for fraction, text in numerals.labels:
        x, y = scale.point(fraction, numerals.radius)
        turn = 0.0
        if numerals.lettering is Lettering.RADIAL:
            turn = scale.angle(fraction) + np.pi / 2
        canvas.text(text, (x, y), numerals.height, numerals.color, numerals.font, turn)


def _noise(rng: np.random.Generator, size: int, cells: int) -> NDArray[np.float32]:
    """Smooth noise with mean 0 and deviation near 1: float32 (size, size)."""
    small = rng.standard_normal((cells, cells)).astype(np.float32)
    return cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR).astype(np.float32, copy=False)


def _gain_map(face: FaceStyle, size: int, inner: float, shape: Shape, rng: np.random.Generator) -> Image:
    """Brightness of the face, a quarter as large, 128 = as printed: light, unevenness, rim's shadow."""
    n = max(size // 4, 24)
    axis = (np.arange(n, dtype=np.float32) + 0.5) / n - 0.5
    x, y = axis[None, :] / OUTER, axis[:, None] / OUTER
    gain = 1.0 - face.light * (x * np.cos(face.light_angle) + y * np.sin(face.light_angle)) * -0.5
    if face.mottle > 0:
        gain = gain + face.mottle * 0.05 * (_noise(rng, n, 5) + 0.6 * _noise(rng, n, 14))
    if face.shade > 0:
        dx, dy = 0.08 * np.cos(face.light_angle), 0.08 * np.sin(face.light_angle)
        square = shape is Shape.SQUARE
        r = np.maximum(np.abs(x - dx), np.abs(y - dy)) if square else np.hypot(x - dx, y - dy)
        gain = gain * (1.0 - face.shade * 0.6 * np.clip((r - inner * 0.9) / (inner * 0.16), 0.0, 1.0) ** 2)
    out: Image = np.clip(gain * 128.0, 0, 255).astype(np.uint8)
    return out


def _stain(image: Image, face: FaceStyle, rng: np.random.Generator) -> None:
    """Blend in dirt and rust, in place."""
    size = image.shape[0]
    n = max(size // 4, 24)
    noise = _noise(rng, n, 7) + 0.7 * _noise(rng, n, 17) + 0.4 * _noise(rng, n, 40)
    cover = np.clip((noise - 1.4 + face.dirt) * 0.5, 0.0, 1.0) * face.dirt * 0.75
    if rng.random() < 0.5:  # heavier towards the bottom, where dust and damp collect
        cover *= np.linspace(0.2, 1.4, n, dtype=np.float32)[:, None]
    weight = cv2.resize(
        (np.clip(cover, 0, 1) * 255).astype(np.uint8), (size, size), interpolation=cv2.INTER_LINEAR
    )
    tone = ((58, 74, 88), (40, 62, 96), (70, 78, 80), (50, 60, 60))[int(rng.integers(4))]
    dirt = filled((size, size), tone)
    w = cv2.merge([weight, weight, weight])
    cv2.add(
        cv2.multiply(image, cv2.bitwise_not(w), scale=1 / 255),
        cv2.multiply(dirt, w, scale=1 / 255),
        dst=image,
    )


def paint_face(style: DialStyle, size: int) -> Image:
    """Return the face of a dial without its pointer.

    Returns:
        uint8 BGR (size, size, 3), filled to the edges (the bezel and the outline cut it).
    """
    rng = np.random.default_rng(style.seed)
    canvas = Canvas(size, style.face.color, 2 if size <= 900 else 1)
    for s in style.sectors:
        m = style.main
        canvas.ring(m.center, s.r0, s.r1, m.angle(s.f0), m.span * (s.f1 - s.f0), s.color, s.alpha)
    under = [m for m in style.marks if m.kind not in ("oval", "code", "label")]
    for mark in under:
        paint_mark(canvas, mark)
    for p in style.prints:
        canvas.text(p.text, p.at, p.height, p.color, p.font, p.angle)
    for scale in style.extra_scales:
        _scale(canvas, scale)
    _scale(canvas, style.main)
    for mark in style.marks:
        if mark not in under:
            paint_mark(canvas, mark)
    image = canvas.finish()
    gain = _gain_map(style.face, size, style.bezel.inner, style.shape, rng)
    full = cv2.resize(gain, (size, size), interpolation=cv2.INTER_LINEAR)
    image = cv2.multiply(image, cv2.merge([full, full, full]), scale=1 / 128).astype(np.uint8, copy=False)
    if style.face.brushed > 0:
        grain = rng.standard_normal((size, max(size // 40, 2))).astype(np.float32) * style.face.brushed * 14
        lines = cv2.resize(grain, (size, size), interpolation=cv2.INTER_LINEAR).astype(np.int16)
        image = cv2.add(image, np.repeat(lines[..., None], 3, axis=2), dtype=cv2.CV_8U).astype(
            np.uint8, copy=False
        )
    if style.face.dirt > 0:
        _stain(image, style.face, rng)
    for _ in range(style.face.scratches):
        begin = rng.uniform(0.1, 0.9, 2) * size
        end = begin + rng.normal(0, 0.12, 2) * size
        light, strength = int(rng.integers(60, 255)), float(rng.uniform(0.15, 0.6))
        a, b = (begin * 16).astype(int), (end * 16).astype(int)
        top = image.copy()
        cv2.line(
            top, (int(a[0]), int(a[1])), (int(b[0]), int(b[1])), (light, light, light), 1, cv2.LINE_AA, 4
        )
        cv2.addWeighted(top, strength, image, 1 - strength, 0.0, dst=image)
    return image
