"""Backgrounds: any size, reproducible, varied, with a share of plain product backdrops."""

import numpy as np
import pytest

from meter_infer.render.backgrounds import BACKGROUNDS, draw_background


@pytest.mark.parametrize("size", [(1, 1), (320, 320), (640, 360), (37, 501), (1920, 1080)])
def test_any_size(size: tuple[int, int]) -> None:
    for seed in range(4):
        picture = draw_background(np.random.default_rng(seed), *size)
        assert picture.shape == (size[1], size[0], 3)
        assert picture.dtype == np.uint8
        assert picture.flags.c_contiguous


@pytest.mark.parametrize("index", range(len(BACKGROUNDS)))
def test_every_maker_works_and_stays_in_bounds(index: int) -> None:
    for seed in range(6):
        picture = BACKGROUNDS[index][0](np.random.default_rng(seed), 60, 90)
        assert picture.shape == (60, 90, 3)
        assert np.isfinite(picture).all()
        assert picture.dtype == np.float32


def test_equal_seeds_draw_equal_pixels() -> None:
    first, second = (draw_background(np.random.default_rng(4), 300, 200) for _ in range(2))
    assert np.array_equal(first, second)


def test_a_fifth_or_so_are_plain() -> None:
    rng = np.random.default_rng(3)
    pictures = [draw_background(rng, 64, 64).astype(np.float32) for _ in range(300)]
    rough = [np.abs(np.diff(p, axis=1)).mean() < 0.8 for p in pictures]
    assert 0.12 < np.mean(rough) < 0.4
    assert np.std([p.mean() for p in pictures]) > 30
