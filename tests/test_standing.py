"""Whether calibration points in the picture still belong to the picture that is seen."""

import numpy as np
import pytest

from meter_infer.reading.geometry import DialGeometry, TubeGeometry
from meter_infer.standing import Standing


def dial(x: float = 300.0, y: float = 200.0, radius: float = 100.0, start: float = 2.0) -> DialGeometry:
    return DialGeometry(np.array([x, y]), radius * np.eye(2), start, 4.7)


def tube(x: float = 50.0, y: float = 300.0, lean: float = 0.0, length: float = 200.0) -> TubeGeometry:
    foot = np.array([x, y])
    return TubeGeometry(foot, foot + length * np.array([np.sin(lean), -np.cos(lean)]), 20.0)


def known(geometry: DialGeometry | TubeGeometry) -> Standing:
    standing = Standing()
    standing.rebuilt()
    standing.know(geometry, verified=True)
    return standing


def test_nothing_is_lost_before_anything_is_known() -> None:
    assert not Standing().is_lost(dial(), astray=True)


def test_what_is_followed_is_not_lost_however_far_it_goes() -> None:
    standing = known(dial())
    for _ in range(5):
        standing.swing((6.0, -2.0))
        standing.rebuilt()
    standing.swing((1.0, 0.0))
    assert standing.moved == (31.0, -10.0)
    assert standing.built == (30.0, -10.0)
    assert not standing.is_lost(dial(331.0, 190.0), astray=True)
    assert standing.is_lost(dial(), astray=True)


@pytest.mark.parametrize("other", [dial(304.0), dial(radius=104.0), dial(start=2.05), None], ids=str)
def test_a_dial_that_was_lost_stays_so_until_it_stands_where_it_stood(other: DialGeometry | None) -> None:
    standing = known(dial())
    assert not standing.is_lost(dial(301.0), astray=False)
    assert standing.is_lost(other, astray=True)
    # The networks have made up their minds that it stands there.
    assert standing.is_lost(other, astray=False)
    standing.know(dial(304.0), verified=False)
    assert standing.is_lost(other, astray=False)
    assert not standing.is_lost(dial(301.0), astray=False)


def test_small_moves_do_not_add_up_unseen() -> None:
    standing = known(dial())
    assert not standing.is_lost(dial(302.0), astray=True)
    standing.rebuilt()
    standing.know(dial(302.0), verified=True)
    assert standing.is_lost(dial(304.0), astray=True)


def test_a_tube_that_leans_otherwise_is_lost_though_its_surroundings_seem_to_be_found() -> None:
    standing = known(tube())
    assert not standing.is_lost(tube(length=180.0), astray=False)
    assert standing.is_lost(tube(lean=0.08), astray=False)
    assert standing.is_lost(tube(), astray=False) is False


def test_a_tube_that_moved_as_a_whole_is_lost_though_its_surroundings_seem_to_be_found() -> None:
    """Before a bare wall nothing else tells of it."""
    assert known(tube()).is_lost(tube(y=311.0), astray=False)
    assert not known(tube()).is_lost(tube(y=306.0), astray=False)
    ends_otherwise = tube(y=311.0, length=222.0)
    assert not known(tube()).is_lost(ends_otherwise, astray=False)
