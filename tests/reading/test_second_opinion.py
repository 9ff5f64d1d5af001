"""Another crop of the same meter is looked at where it may decide, and nowhere else."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from meter_infer.reading.look import HOPELESS, SURE, look
from meter_infer.reading.quality import GOOD
from meter_infer.types import MeterKind, Segment, SegmentClass
from tests.scenes import draw

LOW, HIGH = HOPELESS * GOOD, GOOD + SURE * (1 - GOOD)


@pytest.mark.parametrize("kind", MeterKind)
def test_a_second_opinion_is_asked_only_where_the_first_is_neither_sure_nor_hopeless(kind: MeterKind) -> None:
    asked: list[int] = []
    verdicts = set()
    for seed in range(60):
        scene = draw(seed, kind)
        segments = scene.segments(0.15 * (seed % 6), seed)
        if seed % 5 == 4:
            segments = [replace(s, score=0.4 * s.score) for s in segments if s.label is not SegmentClass.END]

        def again(seed: int = seed, segments: Sequence[Segment] = segments) -> Sequence[Segment]:
            asked.append(seed)
            return segments

        alone, _ = look(kind, scene.luma, scene.box, segments)
        seen, _ = look(kind, scene.luma, scene.box, segments, again=again)
        unsure = alone.fraction is not None and not alone.vetoed and LOW <= alone.confidence < HIGH
        assert asked.count(seed) == unsure, seed
        if not unsure:
            assert (seen.fraction, seen.confidence) == (alone.fraction, alone.confidence)
        verdicts.add(unsure)
    assert verdicts == {True, False}


def test_who_fits_weights_always_hears_it() -> None:
    scene = draw(3)
    asked = []

    def again() -> Sequence[Segment]:
        asked.append(True)
        return scene.segments(0.3, 1)

    seen, _ = look(MeterKind.POINTER, scene.luma, scene.box, scene.segments(), again=again, thorough=True)
    assert asked
    assert seen.apart is not None
