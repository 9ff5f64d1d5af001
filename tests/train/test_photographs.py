import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from meter_infer.errors import LabelError
from meter_infer.train.data import DataFolder, load
from meter_infer.train.photo_dials import MovablePointer, cut_out, place_box, polygons, random_view, render
from meter_infer.train.photo_labels import PhotoGauge, load_photographs, map_points, refusal
from meter_infer.train.photographs import make_data_sets
from meter_infer.train.recipe import Task
from meter_infer.types import MeterKind, SegmentClass
from tests.train.conftest import CENTER, RADIUS, SIZE, draw_photograph, on_dial


def trusted(path: Path) -> PhotoGauge:
    return load_photographs(path)[0][1][0]


def inside(outline: np.ndarray, point: np.ndarray) -> bool:
    x, y = map(float, point)
    return cv2.pointPolygonTest(outline.astype(np.float32).reshape(-1, 1, 2), (x, y), False) >= 0


def test_plane_of_an_elliptic_dial_is_round(label_file: Path) -> None:
    gauge = trusted(label_file)
    first, span = gauge.span
    assert np.rad2deg(first) % 360 == pytest.approx(135, abs=0.5)
    assert np.rad2deg(span) == pytest.approx(270, abs=0.5)
    assert gauge.to_pixels(gauge.to_plane(np.array([[12.0, 40.0]]))) == pytest.approx(
        np.array([[12.0, 40.0]])
    )
    rim = gauge.rim()
    assert rim.min(0) == pytest.approx(np.array(CENTER) - RADIUS, abs=1.0)
    assert rim.max(0) == pytest.approx(np.array(CENTER) + RADIUS, abs=1.0)


def test_pointer_is_outlined_with_its_tail(label_file: Path) -> None:
    picture, _ = draw_photograph(0.3)
    cutout = cut_out(picture, trusted(label_file))
    assert cutout.pointer_found
    shift = cutout.gauge.center - np.array(CENTER)
    assert inside(cutout.pointer, on_dial(0.3, 0.6) + shift)
    assert inside(cutout.pointer, on_dial(0.3, -0.2) + shift)
    assert not inside(cutout.pointer, on_dial(0.3, -0.35) + shift)
    assert not inside(cutout.pointer, on_dial(0.4, 0.5) + shift)


@pytest.mark.parametrize("fraction", [0.0, 0.55, 1.0])
def test_moved_pointer_is_where_it_is_said_to_be(label_file: Path, fraction: float) -> None:
    picture, _ = draw_photograph(0.3)
    cutout = cut_out(picture, trusted(label_file))
    moved = MovablePointer(cutout).at(fraction)
    shift = cutout.gauge.center - np.array(CENTER)
    tip = moved.gauge.landmarks[SegmentClass.TIP]
    assert tip == pytest.approx(on_dial(fraction, 0.7) + shift, abs=1.5)
    grey = cv2.cvtColor(moved.picture, cv2.COLOR_BGR2GRAY)
    x, y = np.rint(on_dial(fraction, 0.5) + shift - 0.5).astype(int)
    assert grey[y, x] < 90, "the pointer is drawn at its new place"
    x, y = np.rint(on_dial(0.3, 0.5) + shift - 0.5).astype(int)
    assert grey[y, x] > 200, "and gone from the old one"


def test_labels_follow_the_picture_through_any_view(label_file: Path) -> None:
    picture, _ = draw_photograph(0.3)
    cutout = cut_out(picture, trusted(label_file))
    rng = np.random.default_rng(3)
    for _ in range(8):
        view = random_view(cutout.gauge, rng)
        matrix = place_box(view, cutout.gauge, np.array([128.0, 128.0]), 213.0)
        drawn, seen = render(cutout, matrix, np.full((256, 256, 3), 255, np.uint8), keep_surroundings=False)
        assert 2 * seen.half.max() == pytest.approx(213.0, abs=1.0)
        outlines = dict(polygons(cutout, matrix))
        tip = outlines[SegmentClass.TIP].mean(0)
        pivot = outlines[SegmentClass.PIVOT].mean(0)
        x, y = np.rint((tip * 0.7 + pivot * 0.3) - 0.5).astype(int)
        assert drawn[y, x].mean() < 110, "between pivot and tip there is pointer"
        # never mirrored: from the first mark, the tip and the last one follow clockwise
        start, end = (outlines[k].mean(0) - pivot for k in (SegmentClass.START, SegmentClass.END))
        turn = np.cross(np.append(start, 0), np.append(tip - pivot, 0))[2]
        assert turn > 0
        assert np.cross(np.append(end, 0), np.append(start, 0))[2] > 0


def test_views_keep_straight_lines(label_file: Path) -> None:
    gauge = trusted(label_file)
    view = random_view(gauge, np.random.default_rng(0))
    a, b, c = map_points(np.array([[10.0, 10.0], [20.0, 30.0], [30.0, 50.0]]), view)
    assert np.cross(np.append(b - a, 0), np.append(c - a, 0))[2] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kind": MeterKind.LEVEL}, "no dial"),
        ({"shared": True}, "two gauges in one case"),
        ({"turned": 0.5}, "ellipse strongly turned"),
        ({"box": np.array([-100.0, 70, 350, 310])}, "cut off by the picture's border"),
        ({"box": np.array([150.0, 70, 250, 310])}, "seen too obliquely"),
        ({"box": np.array([50.0, 120, 350, 430])}, "pivot far"),
    ],
)
def test_refusals(label_file: Path, change: dict[str, object], reason: str) -> None:
    gauge = replace(trusted(label_file), **change)  # type: ignore[arg-type]
    found = refusal(gauge, (SIZE, SIZE + 100))
    assert found is not None
    assert found.startswith(reason)
    assert refusal(trusted(label_file), (SIZE, SIZE)) is None


def test_data_sets(label_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "sets"
    summary = make_data_sets(label_file, out, copies=5, scenes=6, backgrounds=[], seed=1)
    assert summary["crops"] == "5 of 1 dials"
    assert "1 without pivot" in summary["left out of the crops"]
    crops = DataFolder(out / "crops")
    assert crops.scan() == 5
    for path in crops.pictures:
        item = load(path, Task.SEGMENT)
        assert item.picture.shape == (256, 256, 3)
        assert sorted(item.classes) == [0, 1, 4, 5, 6, 7]
        disc = item.outlines[list(item.classes).index(SegmentClass.PIVOT)]
        assert np.ptp(disc[:, 0]) / 2 == pytest.approx(0.045 * 213, rel=0.15)
    scenes = DataFolder(out / "scenes")
    assert scenes.scan() == 6
    assert sum(len(load(path, Task.DETECT).classes) for path in scenes.pictures) > 0
    levels = DataFolder(out / "levels")
    levels.scan()
    assert [list(load(path, Task.DETECT).classes) for path in levels.pictures] == [[1]]


def test_a_picture_with_a_gauge_that_nobody_placed_teaches_no_background(
    label_file: Path, tmp_path: Path
) -> None:
    document = json.loads(label_file.read_text())
    for image in document["images"][:2]:
        image["gauges"].append({"kind": "pointer"})
    label_file.write_text(json.dumps(document))
    summary = make_data_sets(label_file, tmp_path / "some", copies=2, scenes=0, backgrounds=[], seed=1)
    pictures = DataFolder(tmp_path / "some" / "pictures")
    assert pictures.scan() == 0
    assert summary["crops"] == "2 of 1 dials"
    for image in document["images"][:2]:
        image["gauges"].pop()
    label_file.write_text(json.dumps(document))
    other = make_data_sets(label_file, tmp_path / "all", copies=2, scenes=0, backgrounds=[], seed=1)
    pictures = DataFolder(tmp_path / "all" / "pictures")
    assert pictures.scan() == 2
    assert int(other["backgrounds"]) >= int(summary["backgrounds"])


def test_crops_are_as_large_as_wanted(label_file: Path, tmp_path: Path) -> None:
    items = []
    for side in (256, 320):
        out = tmp_path / str(side)
        make_data_sets(label_file, out, copies=1, scenes=0, backgrounds=[], seed=1, crop_px=side)
        (path,) = (out / "crops" / "images" / "train").iterdir()
        items.append(load(path, Task.SEGMENT))
    small, large = items
    assert large.picture.shape == (320, 320, 3)
    assert [o.max(0) * 1.25 for o in small.outlines] == [
        pytest.approx(o.max(0), abs=0.5) for o in large.outlines
    ]


def test_same_seed_same_data(label_file: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        make_data_sets(label_file, tmp_path / name, copies=2, scenes=2, backgrounds=[], seed=5)
    for path in sorted((tmp_path / "one").rglob("*.*")):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_measuring_split_has_one_crop_a_dial_and_no_scenes(label_file: Path, tmp_path: Path) -> None:
    make_data_sets(label_file, tmp_path / "m", copies=9, scenes=9, backgrounds=[], seed=0, split="val")
    assert len(list((tmp_path / "m" / "crops" / "images" / "val").iterdir())) == 1
    assert not (tmp_path / "m" / "scenes").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"images": [{"file": "x.png"}]}'])
def test_bad_label_files(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LabelError, match=r"bad\.json"):
        load_photographs(path)


def test_missing_photograph(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_text(json.dumps({"images": [{"file": "gone.png", "gauges": []}]}), encoding="utf-8")
    with pytest.raises(LabelError, match=r"gone\.png"):
        make_data_sets(path, tmp_path / "out", 1, 0, [], 0)


def test_photographs_of_equal_names_stay_apart(tmp_path: Path) -> None:
    picture, label = draw_photograph(0.3)
    names = ["one/a.png", "two/a.png", "a.png", "../other/a.png"]
    folder = tmp_path / "labels"
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path.resolve()), picture)
    path = folder / "labels.json"
    path.write_text(json.dumps({"images": [{"file": name, "gauges": [label]} for name in names]}))
    out = tmp_path / "sets"
    make_data_sets(path, out, copies=1, scenes=0, backgrounds=[], seed=1)
    stems = ["a", "one_a", "other_a", "two_a"]
    assert sorted(path.stem for path in (out / "pictures/images/train").iterdir()) == stems
    crops = [f"{stem}_0_000" for stem in stems]
    assert sorted(path.stem for path in (out / "crops/labels/train").iterdir()) == crops
