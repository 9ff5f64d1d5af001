from meter_infer.binding import FORGET_AFTER, FOUND_SCORE, ORDER_SCORE, Binder, Place
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
