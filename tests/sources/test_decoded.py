"""Planes of decoded frames: views, and whose memory they are."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from meter_infer.sources import decoded
from meter_infer.sources.decoded import LENT, LENT_S, PlaneReader


def is_lent(plane: NDArray[Any]) -> bool:
    """Whether a plane is the decoder's memory."""
    while isinstance(plane.base, np.ndarray):
        plane = plane.base
    return not plane.flags.owndata


def test_a_live_decoder_lends_a_few_frames_and_then_gives_copies(
    make_video: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FFmpeg keeps for good as many pictures as were ever held at one time."""
    now = 100.0
    monkeypatch.setattr(decoded, "time", SimpleNamespace(monotonic=lambda: now))
    path: Path = make_video("video.mp4", 3 * LENT)
    with av.open(str(path)) as container:
        planes = PlaneReader(live=True)
        pictures = container.decode(video=0)
        held = [planes.planes(next(pictures)) for _ in range(LENT + 1)]
        now += 1.1 * LENT_S
        held += [planes.planes(next(pictures)) for _ in range(LENT - 1)]
        lent = [is_lent(luma) for luma, _, _ in held]
        assert lent == (LENT + 1) * [True] + (LENT - 1) * [False]
        assert all(
            is_lent(plane) is mine for (_, uv, _), mine in zip(held, lent, strict=True) for plane in uv or ()
        )
        plain = PlaneReader()
        with av.open(str(path)) as again:
            for (luma, uv, _), picture in zip(held, again.decode(video=0), strict=False):
                expected, colours, _ = plain.planes(picture)
                np.testing.assert_array_equal(luma, expected)
                assert uv
                assert colours
                np.testing.assert_array_equal(np.stack(uv), np.stack(colours))
        assert held[-1][0].base is not None  # one block, the colours beside the brightness
        assert held[-1][1] is not None
        assert held[-1][0].base is held[-1][1][1].base
        corner = held[0][0][:5, :5]  # a piece keeps its picture
        del held[1:], luma
        assert [is_lent(planes.planes(next(pictures))[0]) for _ in range(2 * LENT - 5)] == (2 * LENT - 5) * [
            True
        ]
        assert corner.any()
