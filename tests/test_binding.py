import pytest

from meter_infer.binding import (
    CHOOSING,
    CONTESTED_FOR,
    DROP_AFTER,
    FORGET_AFTER,
    FOUND_SCORE,
    LOST_AFTER,
    ORDER_SCORE,
    Binder,
    Place,
)
from meter_infer.types import Box, Detection, MeterKind


def seen(x: float, y: float, kind: MeterKind = MeterKind.POINTER, side: float = 100) -> Detection:
    return Detection(kind, Box(x, y, x + side, y + side), 0.9)


def test_a_configured_box_takes_the_detection_at_its_place() -> None:
    places = [
        Place("right", MeterKind.POINTER, Box(300, 0, 400, 100)),
        Place("left", MeterKind.POINTER, Box(0, 0, 100, 100)),
    ]
    bound = Binder(places).bind([seen(5, 5), seen(295, 3)])
    assert [(b.meter, b.box.x1 if b.box else None) for b in bound] == [("right", 295), ("left", 5)]


def test_meters_without_a_box_are_bound_in_reading_order_and_stay_bound() -> None:
    binder = Binder([Place(name, MeterKind.POINTER, None) for name in ("a", "b", "c")])
    first = binder.bind([seen(300, 210), seen(10, 200), seen(150, 0)])
    assert {b.meter: b.box.x1 for b in first if b.box} == {"a": 150, "b": 10, "c": 300}
    # One of them vanishes: the others keep their names.
    later = binder.bind([seen(302, 211), seen(151, 1)])
    assert {b.meter: b.score > 0 for b in later} == {"a": True, "b": False, "c": True}


def test_a_kind_never_takes_the_other_kind() -> None:
    binder = Binder([Place("tube", MeterKind.LEVEL, None)], automatic=False)
    assert [b.score for b in binder.bind([seen(0, 0)])] == [0.0]


def test_an_unknown_meter_gets_a_stable_id_and_is_forgotten_when_gone() -> None:
    binder = Binder()
    assert [b.meter for b in binder.bind([seen(0, 0), seen(300, 0)])] == ["auto-1", "auto-2"]
    assert [b.meter for b in binder.bind([seen(301, 2)])] == ["auto-1", "auto-2"]
    for _ in range(FORGET_AFTER):
        bound = binder.bind([seen(301, 2)])
    assert [b.meter for b in bound] == ["auto-2"]
    assert [b.meter for b in binder.bind([seen(2, 1), seen(301, 2)])] == ["auto-1", "auto-2"]


def test_the_place_follows_a_slow_drift() -> None:
    binder = Binder([Place("m", MeterKind.POINTER, Box(0, 0, 100, 100))], automatic=False)
    for shift in range(0, 400, 20):
        (bound,) = binder.bind([seen(shift, 0)])
        assert bound.score > 0


def faint(x: float, score: float) -> Detection:
    return Detection(MeterKind.POINTER, Box(x, 0, x + 100, 100), score)


def test_what_nobody_configured_must_be_clear_and_what_is_configured_need_not() -> None:
    binder = Binder([Place("known", MeterKind.POINTER, Box(0, 0, 100, 100))])
    bound = binder.bind([faint(2, 0.3), faint(300, FOUND_SCORE - 0.01), faint(600, FOUND_SCORE)])
    assert [(b.meter, b.score) for b in bound] == [("known", 0.3), ("auto-1", FOUND_SCORE)]


def test_a_meter_without_a_place_takes_no_doubtful_detection() -> None:
    binder = Binder([Place("only", MeterKind.POINTER, None)], automatic=False)
    assert binder.bind([faint(0, ORDER_SCORE - 0.01)])[0].score == 0
    assert binder.bind([faint(0, ORDER_SCORE)])[0].score == ORDER_SCORE


def test_a_meter_without_a_place_takes_the_clearest_detection_and_not_the_uppermost() -> None:
    binder = Binder([Place("only", MeterKind.POINTER, None)], automatic=False)
    doubtful = Detection(MeterKind.POINTER, Box(400, 0, 460, 60), ORDER_SCORE + 0.02)
    (bound,) = binder.bind([doubtful, seen(100, 200)])
    assert bound.box == seen(100, 200).box
    pair = Binder([Place(name, MeterKind.POINTER, None) for name in ("a", "b")], automatic=False)
    found = pair.bind([doubtful, seen(300, 200), seen(100, 210)])
    assert {b.meter: b.box.x1 for b in found if b.box} == {"a": 100, "b": 300}


def where(binder: Binder, *detections: Detection) -> dict[str, float | None]:
    return {b.meter: b.box.x1 if b.score and b.box else None for b in binder.bind(detections)}


def test_meters_without_a_box_are_found_again_after_the_camera_was_moved() -> None:
    binder = Binder([Place(name, MeterKind.POINTER, None) for name in ("a", "b")])
    assert where(binder, seen(0, 0), seen(200, 0), seen(900, 0)) == {"a": 0, "b": 200, "auto-1": 900}
    for _ in range(LOST_AFTER):
        moved = where(binder, seen(400, 300), seen(600, 300), seen(900, 0))
        assert moved == {"a": None, "b": None, "auto-1": 900, "auto-2": 400, "auto-3": 600}
    after = where(binder, seen(400, 300), seen(600, 300), seen(900, 0))
    assert after == {"a": 400, "b": 600, "auto-1": 900}
    assert binder.gone == ["auto-2", "auto-3"]
    assert where(binder, seen(400, 300), seen(600, 300), seen(900, 0)) == after
    assert binder.gone == []


def test_a_lost_meter_takes_nothing_whose_identity_is_in_doubt() -> None:
    binder = Binder([Place(name, MeterKind.POINTER, None) for name in ("a", "b")])
    where(binder, seen(0, 0), seen(200, 0))
    for _ in range(LOST_AFTER + 3):  # one stays; two others came
        seen_now = where(binder, seen(0, 0), seen(400, 300), seen(600, 300))
    assert seen_now == {"a": 0, "b": None, "auto-1": 400, "auto-2": 600}


def test_a_lost_meter_does_not_take_what_was_in_view_before() -> None:
    binder = Binder([Place("a", MeterKind.POINTER, None)])
    where(binder, seen(0, 0))
    where(binder, seen(0, 0), seen(400, 0))
    for _ in range(LOST_AFTER + 3):
        covered = where(binder, seen(400, 0))
    assert covered == {"a": None, "auto-1": 400}


def test_a_meter_with_a_box_is_looked_for_nowhere_else() -> None:
    box = Box(0, 0, 100, 100)
    binder = Binder([Place("a", MeterKind.POINTER, box, home=box)])
    for _ in range(LOST_AFTER + 3):
        missing = where(binder, seen(400, 0))
    assert missing == {"a": None, "auto-1": 400}


def test_an_automatic_meter_that_stays_away_is_no_longer_known() -> None:
    binder = Binder()
    where(binder, seen(0, 0))
    for _ in range(DROP_AFTER):
        binder.bind([])
    assert [place.meter for place in binder.places] == ["auto-1"]
    binder.bind([])
    assert binder.places == []
    assert binder.gone == ["auto-1"]
    assert where(binder, seen(0, 0)) == {"auto-2": 0}


def test_meters_without_a_box_wait_until_all_of_them_are_in_view() -> None:
    binder = Binder([Place(name, MeterKind.POINTER, None) for name in ("left", "right")], automatic=False)
    assert where(binder, seen(300, 0)) == {"left": None, "right": None}
    assert where(binder, seen(0, 0), seen(300, 0)) == {"left": 0, "right": 300}
    assert where(binder, seen(300, 0)) == {"left": None, "right": 300}


def test_a_camera_that_swung_away_slowly_and_came_back_finds_its_meters_at_their_boxes() -> None:
    boxes = {"a": Box(400, 0, 500, 100), "b": Box(700, 0, 800, 100)}
    binder = Binder([Place(name, MeterKind.POINTER, box, home=box) for name, box in boxes.items()])
    for shift in range(0, 360, 40):
        assert where(binder, seen(400 - shift, 0), seen(700 - shift, 0)) == {
            "a": 400 - shift,
            "b": 700 - shift,
        }
    assert where(binder, seen(400, 0), seen(700, 0)) == {"a": 400, "b": 700}


def test_a_camera_that_shows_the_same_in_other_pixels_keeps_its_meters() -> None:
    places = [Place("a", MeterKind.POINTER, Box(0, 0, 100, 100)), Place("b", MeterKind.POINTER, None)]
    places[0].home = places[0].box
    binder = Binder(places)
    where(binder, seen(0, 0), seen(200, 0))
    binder.resize(0.5, 0.5)
    assert where(binder, seen(0, 0, side=50), seen(100, 0, side=50)) == {"a": 0, "b": 100}


def test_automatic_meters_give_way_to_configured_ones_that_waited_for_each_other() -> None:
    binder = Binder([Place(name, MeterKind.POINTER, None) for name in ("left", "right")])
    assert where(binder, seen(300, 0)) == {"left": None, "right": None, "auto-1": 300}
    assert where(binder, seen(0, 0), seen(300, 0)) == {"left": 0, "right": 300}
    assert binder.gone == ["auto-1"]


def contested(binder: Binder, *detections: Detection) -> dict[str, bool]:
    binder.bind(detections)
    return {place.meter: place.contested > 0 for place in binder.places if not place.automatic}


def test_one_of_two_meters_in_view_may_be_meant_by_a_meter_without_a_box() -> None:
    binder = Binder([Place("m", MeterKind.POINTER, None)])
    assert contested(binder, seen(0, 0), seen(300, 0)) == {"m": True}
    for _ in range(CONTESTED_FOR - 1):
        assert contested(binder, seen(0, 0)) == {"m": True}
    assert contested(binder, seen(0, 0)) == {"m": False}, "the other one is gone for long"


def test_another_meter_that_is_found_a_little_later_may_be_meant_too() -> None:
    binder = Binder([Place("m", MeterKind.POINTER, None)])
    assert contested(binder, seen(0, 0)) == {"m": False}
    assert contested(binder, seen(0, 0), seen(300, 0)) == {"m": True}


def test_what_comes_into_view_late_is_not_meant() -> None:
    binder = Binder([Place("m", MeterKind.POINTER, None)])
    for _ in range(CHOOSING + 1):
        contested(binder, seen(0, 0))
    assert contested(binder, seen(0, 0), seen(300, 0)) == {"m": False}


@pytest.mark.parametrize(
    "other",
    [
        seen(30, 50, side=60),  # a small dial on its face
        seen(300, 0, side=40),  # far away
        seen(300, 0, MeterKind.LEVEL),
        Detection(MeterKind.POINTER, Box(300, 0, 400, 100), FOUND_SCORE - 0.01),
    ],
)
def test_what_is_no_meter_like_it_is_not_meant(other: Detection) -> None:
    binder = Binder([Place("m", MeterKind.POINTER, None)])
    assert contested(binder, seen(0, 0), other) == {"m": False}


def test_as_many_meters_as_are_configured_are_in_no_doubt() -> None:
    binder = Binder([Place("a", MeterKind.POINTER, None), Place("b", MeterKind.POINTER, None)])
    assert contested(binder, seen(0, 0), seen(300, 0)) == {"a": False, "b": False}
    boxed = [
        Place("a", MeterKind.POINTER, Box(0, 0, 100, 100), home=Box(0, 0, 100, 100)),
        Place("b", MeterKind.POINTER, None),
    ]
    assert contested(Binder(boxed), seen(0, 0), seen(300, 0)) == {"a": False, "b": False}


def test_a_box_around_two_meters_does_not_say_which_is_meant() -> None:
    around, one = Box(0, 0, 210, 100), Box(0, 0, 120, 110)
    for box, doubt in ((around, True), (one, False)):
        binder = Binder([Place("m", MeterKind.POINTER, box, home=box)])
        assert contested(binder, seen(0, 0), seen(110, 0)) == {"m": doubt}
