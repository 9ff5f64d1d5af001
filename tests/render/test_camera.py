"""What each effect of the camera must and must not change."""

import numpy as np
import pytest
from numpy.typing import NDArray

from meter_infer.render.camera import (
    CameraSettings,
    Severity,
    Shadow,
    apply_camera,
    cast_shadow,
    compress,
    defocus,
    motion_blur,
    sample_camera,
    sensor_noise,
    sharpen,
    through_scale,
    to_infrared,
    tone,
    vignette,
    write_text,
)

Image = NDArray[np.uint8]

CLEAN = CameraSettings(quality=100)


def grey(level: int = 128, size: tuple[int, int] = (96, 128)) -> Image:
    return np.full((*size, 3), level, np.uint8)


def edge() -> Image:
    image = grey(50)
    image[:, 64:] = 200
    return image


def test_a_perfect_camera_changes_nothing() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3)).astype(np.uint8)
    np.testing.assert_array_equal(apply_camera(image, CLEAN), image)


@pytest.mark.parametrize("severity", list(Severity))
def test_sampled_cameras_keep_size_and_type_and_repeat(severity: Severity) -> None:
    image = edge()
    for seed in range(25):
        settings = sample_camera(np.random.default_rng(seed), severity, 60.0)
        assert settings == sample_camera(np.random.default_rng(seed), severity, 60.0)
        before = image.copy()
        first = apply_camera(image, settings)
        assert first.shape == image.shape
        assert first.dtype == np.uint8
        np.testing.assert_array_equal(first, apply_camera(image, settings))
        np.testing.assert_array_equal(image, before)


def test_noise_has_the_deviation_it_is_given() -> None:
    for level, read, shot, expected in ((128, 4.0, 0.0, 4.0), (64, 0.0, 10.0, 5.0), (0, 3.0, 8.0, None)):
        noisy = sensor_noise(grey(level, (300, 300)), read, shot, 1.0, 7).astype(float)
        if expected is None:
            assert noisy.max() <= 20  # cut off below, and no shot noise in the dark
        else:
            assert noisy.std() == pytest.approx(expected, rel=0.06)
            assert noisy.mean() == pytest.approx(level, abs=0.2)


def test_noise_is_grey_or_coloured() -> None:
    mono = sensor_noise(grey(), 5.0, 0.0, 0.0, 3)
    assert (mono[:, :, 0] == mono[:, :, 2]).all()
    coloured = sensor_noise(grey(), 5.0, 0.0, 1.0, 3).astype(float)
    assert abs(np.corrcoef(coloured[:, :, 0].ravel(), coloured[:, :, 2].ravel())[0, 1]) < 0.1


def test_noise_covers_pictures_larger_than_its_pattern() -> None:
    noisy = sensor_noise(grey(128, (1100, 1000)), 5.0, 0.0, 0.5, 1).astype(float)
    assert noisy[900:].std() == pytest.approx(5.0, rel=0.1)


def test_blurs_keep_the_light_and_spread_the_edge() -> None:
    for blurred in (defocus(edge(), 4.0), motion_blur(edge(), 10.0, 0.0)):
        assert blurred.mean() == pytest.approx(edge().mean(), abs=0.6)
        row = blurred[48, :, 0].astype(int)
        assert ((row > 60) & (row < 190)).sum() >= 5
    along = motion_blur(edge(), 10.0, np.pi / 2)
    row = along[48, :, 0].astype(int)
    assert ((row > 60) & (row < 190)).sum() <= 2


def test_tone_exposure_and_casts() -> None:
    assert tone(grey(), (1, 1, 1), 0.2, 1.0, 0.0).mean() < 80
    assert tone(grey(), (1, 1, 1), 2.5, 1.0, 0.0).min() == 255
    red = tone(grey(), (0.8, 1.0, 1.2), 1.0, 1.0, 0.0)[0, 0]
    assert red[2] > red[1] > red[0]
    assert tone(grey(0), (1, 1, 1), 1.0, 1.0, 0.2).min() == 51


def test_shadows_darken_one_side() -> None:
    shaded = cast_shadow(grey(200), Shadow((0.5, 0.5), 0.0, 0.5, 0.01, None))
    assert sorted((int(shaded[50, 5, 0]), int(shaded[50, -5, 0]))) == pytest.approx([100, 200], abs=2)
    band = cast_shadow(grey(200), Shadow((0.5, 0.5), 0.0, 0.5, 0.01, 0.2))
    assert band[50, 64, 0] < 110
    assert band[50, 5, 0] == band[50, -5, 0] == 200


def test_vignette_spares_the_middle() -> None:
    seen = vignette(grey(200), 0.6)
    assert seen[48, 64, 0] >= 195
    assert seen[0, 0, 0] == pytest.approx(80, abs=4)


def test_infrared_is_grey_and_sees_red_as_bright() -> None:
    image = grey()
    image[:, :64] = (0, 0, 220)
    image[:, 64:] = (220, 0, 0)
    seen = to_infrared(image)
    assert (seen[:, :, 0] == seen[:, :, 1]).all()
    assert seen[0, 0, 0] > 2 * seen[0, -1, 0]


def test_sharpening_leaves_halos_and_scaling_loses_detail() -> None:
    halo = sharpen(edge(), 1.5)
    assert halo[48, 63].max() < 50
    assert halo[48, 64].min() > 200
    fine = np.zeros((64, 64, 3), np.uint8)
    fine[:, ::2] = 255
    assert through_scale(fine, 0.4).std() < 40 < fine.std()


def test_compression_is_mild_at_high_quality() -> None:
    image = defocus(edge(), 3.0)
    assert np.abs(compress(image, 95).astype(int) - image).mean() < 1.0
    assert np.abs(compress(image, 15).astype(int) - image).mean() < 8.0


def test_text_goes_into_a_corner() -> None:
    for seed in range(8):
        changed = (write_text(grey(128, (200, 300)), "CAM 01", seed) != 128).any(axis=2)
        assert changed.any()
        assert not changed[60:140, 100:200].any()
