"""What is sampled of a luma plane."""

import numpy as np
import pytest

from meter_infer.reading.anchor import highest
from meter_infer.reading.sampling import BLANK, is_blank
from meter_infer.types import Box


def by_definition(luma: np.ndarray) -> bool:
    small = luma[:: max(1, luma.shape[0] // 64), :: max(1, luma.shape[1] // 64)]
    low, high = np.quantile(small, (0.02, 0.98))
    return bool(small.size >= 64 and high - low < BLANK)


@pytest.mark.parametrize("size", [(6, 9), (8, 8), (10, 13), (64, 64), (90, 160), (1080, 1920)])
def test_a_blank_picture_is_told_from_a_few_samples_as_from_all(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(sum(size))
    told = set()
    for spread in (0.0, 0.6, 0.8, 1.0, 1.2, 3.0, 40.0):
        for share in (0.0, 0.01, 0.02, 0.03, 0.5):  # of the picture is brighter by 60
            noise = rng.normal(100, spread, size)
            noise[: round(share * size[0])] += 60
            luma = np.clip(np.round(noise), 0, 255).astype(np.uint8)
            assert is_blank(luma) == by_definition(luma)
            told.add(is_blank(luma))
    assert told == ({True, False} if min(size) > 7 else {False})


def test_a_small_gauge_that_is_lit_in_the_dark_is_something() -> None:
    luma = np.full((1080, 1920), 4, np.uint8)
    luma[500:620, 900:1020] = np.random.default_rng(0).integers(40, 220, (120, 120))
    lit, dark, outside = Box(900, 500, 1020, 620), Box(100, 100, 220, 220), Box(3000, 10, 3200, 200)
    assert is_blank(luma)
    assert not is_blank(luma, [dark, lit])
    assert is_blank(luma, [dark, outside])


@pytest.mark.parametrize("count", [20, 700, 5000])
def test_the_highest_are_found_block_by_block(count: int) -> None:
    rng = np.random.default_rng(count)
    for values in (rng.random(count), np.sort(rng.random(count)), np.round(rng.random(count), 1)):
        found = highest(values.astype(np.float32), 20)
        assert len(set(found.tolist())) == 20
        np.testing.assert_array_equal(
            np.sort(values.astype(np.float32)[found]), np.sort(values.astype(np.float32))[-20:]
        )
