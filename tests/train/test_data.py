from pathlib import Path

import cv2
import numpy as np
import pytest

from meter_infer.errors import ConfigError, LabelError
from meter_infer.train.augment import appearance, make_batch, place, stack
from meter_infer.train.data import DataFolder, Labelled, Mixture, load, read_labels
from meter_infer.train.recipe import Recipe, Task, default_recipe


def write_item(root: Path, name: str, labels: str | None, value: int = 90, split: str = "train") -> None:
    for part in ("images", "labels"):
        (root / part / split).mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(root / "images" / split / f"{name}.png"), np.full((60, 80, 3), value, np.uint8))
    if labels is not None:
        (root / "labels" / split / f"{name}.txt").write_text(labels, encoding="utf-8")


def disc_picture(point: tuple[float, float]) -> Labelled:
    """A white disc on black, its outline, and a second object far away."""
    picture = np.zeros((200, 300, 3), np.uint8)
    center = (round((point[0] - 0.5) * 16), round((point[1] - 0.5) * 16))
    cv2.circle(picture, center, 12 * 16, (255, 255, 255), -1, cv2.LINE_AA, 4)
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    outline = np.array(point) + 12 * np.stack([np.cos(turn), np.sin(turn)], 1)
    return Labelled(picture, np.array([4]), (outline.astype(np.float32),))


def test_recipe_round_trip(tmp_path: Path) -> None:
    for task in Task:
        recipe = default_recipe(task, seed=7, minutes=1.5)
        recipe.save(tmp_path / "recipe.yaml")
        assert Recipe.load(tmp_path / "recipe.yaml") == recipe


@pytest.mark.parametrize("text", ["", "- a", "task: fly", "task: detect\nwings: 2", "task: ["])
def test_bad_recipes(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"bad\.yaml"):
        Recipe.load(path)


def test_weights_of_folders() -> None:
    assert DataFolder.parse("a/b=0.5").weight == 0.5
    assert DataFolder.parse("a/b").root == Path("a/b")
    assert DataFolder.parse("a=b/c").root == Path("a=b/c")
    with pytest.raises(LabelError, match="above 0"):
        DataFolder.parse("a=0")


def test_mixture_draws_by_weight_and_finds_new_pictures(tmp_path: Path) -> None:
    write_item(tmp_path / "dark", "x", None, value=10)
    write_item(tmp_path / "light", "x", None, value=200)
    mixture = Mixture([DataFolder(tmp_path / "dark", 3.0), DataFolder(tmp_path / "light")], Task.DETECT)
    assert sum(mixture.rescan().values()) == 2
    rng = np.random.default_rng(0)
    dark = [mixture.draw(rng).picture.mean() < 100 for _ in range(400)]
    assert np.mean(dark) == pytest.approx(0.75, abs=0.07)
    write_item(tmp_path / "light", "y", None)
    assert sum(mixture.rescan().values()) == 3


def test_empty_data_sets_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="no pictures"):
        Mixture([DataFolder(tmp_path)], Task.DETECT).rescan()


@pytest.mark.parametrize(
    "line", ["9 0.5 0.5 0.1 0.1", "x 1 2 3 4", "0 0.1", "0 0.1 0.2 0.3 0.4 0.5", "0 a b c d"]
)
def test_bad_label_lines_are_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "l.txt"
    path.write_text(f"0 0.5 0.5 0.2 0.2\n{line}\n", encoding="utf-8")
    with pytest.raises(LabelError, match=r"l\.txt:2"):
        read_labels(path, Task.DETECT, 10, 10)


def test_boxes_of_dials_are_ellipses_and_of_levels_are_rectangles(tmp_path: Path) -> None:
    path = tmp_path / "l.txt"
    path.write_text("0 0.5 0.5 0.4 0.2\n1 0.5 0.5 0.4 0.2\n", encoding="utf-8")
    classes, (dial, level) = read_labels(path, Task.DETECT, 100, 100)
    assert classes.tolist() == [0, 1]
    for outline in (dial, level):
        assert outline.min(0) == pytest.approx([30, 40], abs=0.3)
        assert outline.max(0) == pytest.approx([70, 60], abs=0.3)
    assert len(level) == 4 < len(dial)


def test_undecodable_picture(tmp_path: Path) -> None:
    write_item(tmp_path, "x", "")
    path = tmp_path / "images" / "train" / "x.png"
    path.write_bytes(b"no picture")
    with pytest.raises(LabelError, match=r"x\.png"):
        load(path, Task.DETECT)


@pytest.mark.parametrize("size", [(128, 128), (64, 64), (40, 90), (256, 256)])
def test_outlines_move_with_the_pixels(size: tuple[int, int]) -> None:
    recipe = default_recipe(Task.SEGMENT, rotation_deg=30.0, scale=(0.6, 1.5), stretch=0.2, translate=0.1)
    rng = np.random.default_rng(1)
    seen = 0
    for _ in range(30):
        item = place(disc_picture((150.0, 100.0)), *size, recipe, rng)
        if not item.outlines:
            continue
        low, high = item.outlines[0].min(0), item.outlines[0].max(0)
        if (low < 1).any() or (high > np.array(size) - 1).any():
            continue
        seen += 1
        # grey padding is 114: above it there is only the disc
        light = np.maximum(item.picture[..., 0].astype(float) - 114, 0)
        ys, xs = np.mgrid[: size[1], : size[0]]
        center = np.array([(xs * light).sum(), (ys * light).sum()]) / light.sum() + 0.5
        assert center == pytest.approx((low + high) / 2, abs=0.35)
    assert seen >= 5


def test_pictures_are_never_mirrored() -> None:
    picture = np.zeros((100, 100, 3), np.uint8)
    triangle = np.array([[10, 10], [90, 20], [60, 80]], np.float32)
    recipe = default_recipe(Task.SEGMENT, rotation_deg=180.0, scale=(0.3, 0.5))
    rng = np.random.default_rng(2)
    for _ in range(20):
        (moved,) = place(Labelled(picture, np.array([0]), (triangle,)), 100, 100, recipe, rng).outlines
        a, b = moved[1] - moved[0], moved[2] - moved[0]
        assert a[0] * b[1] - a[1] * b[0] > 0


def test_objects_outside_the_window_are_dropped() -> None:
    item = disc_picture((5.0, 100.0))
    recipe = default_recipe(Task.SEGMENT, rotation_deg=0.0, scale=(2.0, 2.0), stretch=0.0, translate=0.0)
    rng = np.random.default_rng(0)
    kept = [len(place(item, 100, 100, recipe, rng).outlines) for _ in range(40)]
    assert 0 < sum(kept) < 40


def test_soft_masks_and_boxes() -> None:
    square = np.array([[20, 40], [100, 40], [100, 90], [20, 90]], np.float32)
    item = Labelled(np.zeros((128, 128, 3), np.uint8), np.array([1]), (square,))
    batch = stack([item, item], Task.SEGMENT)
    assert batch.pictures.shape == (2, 3, 128, 128)
    assert batch.picture_index.tolist() == [0, 1]
    assert batch.boxes[0] * 128 == pytest.approx([60, 65, 80, 50])
    assert batch.masks.shape == (2, 32, 32)
    assert batch.masks[0].sum() * 16 == pytest.approx(80 * 50, rel=0.04)
    assert stack([item], Task.DETECT).masks.shape == (0, 32, 32)


def test_batches_are_seeded_and_keep_their_area(tmp_path: Path) -> None:
    write_item(tmp_path, "x", "0 0.5 0.5 0.4 0.4\n")
    mixture = Mixture([DataFolder(tmp_path)], Task.DETECT)
    mixture.rescan()
    recipe = default_recipe(Task.DETECT, input_size=64, larger_sizes=(128,), batch=8)
    shapes = set()
    for seed in range(12):
        one, two = (make_batch(mixture, recipe, np.random.default_rng(seed), mosaic=True) for _ in range(2))
        assert np.array_equal(one.pictures, two.pictures)
        assert np.array_equal(one.boxes, two.boxes)
        assert ((one.boxes >= 0) & (one.boxes <= 1)).all()
        shapes.add(one.pictures.shape)
    assert shapes == {(8, 3, 64, 64), (2, 3, 128, 128)}


def test_appearance_keeps_shape_and_labels() -> None:
    item = disc_picture((150.0, 100.0))
    for seed in range(10):
        changed = appearance(item, default_recipe(Task.SEGMENT, degrade=1.0), np.random.default_rng(seed))
        assert changed.picture.shape == item.picture.shape
        assert changed.picture.dtype == np.uint8
        assert changed.outlines is item.outlines
