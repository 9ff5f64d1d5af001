"""Clutter: many things, quickly drawn, that are no meters."""

from collections.abc import Callable

import numpy as np
import pytest

from meter_infer.render.clutter import CLUTTER, draw_clutter
from meter_infer.render.materials import Sheet

MAKERS = tuple(dict.fromkeys(CLUTTER))


@pytest.mark.parametrize("maker", MAKERS, ids=lambda m: m.__name__)
@pytest.mark.parametrize("size", [16, 57, 200])
def test_every_thing_has_the_size_asked_for(
    maker: Callable[[np.random.Generator, int], Sheet], size: int
) -> None:
    for seed in range(3):
        bgra = maker(np.random.default_rng(seed), size).bgra()
        assert max(bgra.shape[:2]) == size
        assert bgra.shape[2] == 4
        assert (bgra[..., 3] > 100).mean() > 0.02, "something must be there"


def test_equal_seeds_draw_equal_pixels() -> None:
    first, second = (draw_clutter(np.random.default_rng(8), 90) for _ in range(2))
    assert first.dtype == np.uint8
    assert np.array_equal(first, second)


def test_things_differ() -> None:
    pictures = [draw_clutter(np.random.default_rng(seed), 64) for seed in range(40)]
    means = {tuple(p.reshape(-1, 4).mean(0).round(1)) for p in pictures}
    assert len(means) >= 38


def test_there_is_a_variety_of_things() -> None:
    assert len(MAKERS) >= 25
