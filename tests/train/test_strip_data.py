"""Strips to train on: rendered crops, unrolled by what a segmenter sees."""

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from meter_infer.errors import LabelError
from meter_infer.reading.strip import HINTS, PLACES, ROWS, Thing
from meter_infer.render.dataset import DatasetJob, Task, dataset_spec, gauge_record, write_dataset
from meter_infer.train.data import DataFolder
from meter_infer.train.strip_data import StripFolder, StripSource
from meter_infer.types import Box, Frame, MeterKind, Segment, SegmentClass
from tests.scenes import draw


class Known:
    """A segmenter that sees the truth of a scene, wherever it is asked to look."""

    def __init__(self, kind: MeterKind, seed: int = 3) -> None:
        self.scene = draw(seed, kind)
        self.calls = 0

    def segment(self, items: Sequence[tuple[Frame, Box]]) -> list[list[Segment]]:
        self.calls += 1
        return [self.scene.segments() for _ in items]


def written(root: Path, known: Known) -> StripFolder:
    """Write the scene as a data set of one crop with its landmarks."""
    for part in ("images", "labels"):
        (root / part / "train").mkdir(parents=True)
    luma = known.scene.luma
    cv2.imwrite(str(root / "images/train/0.png"), luma)
    lines = []
    for label, (x, y) in known.scene.truth.landmarks.items():
        corners = np.array([[x - 4, y - 4], [x + 4, y - 4], [x + 4, y + 4], [x - 4, y + 4]]) / luma.shape[0]
        lines.append(f"{int(label)} " + " ".join(f"{v:.6f}" for v in corners.ravel()))
    (root / "labels/train/0.txt").write_text("\n".join(lines), encoding="utf-8")
    record = gauge_record(known.scene.truth)
    truth = {"images": [{"file": "images/train/0.png", "gauges": [record]}]}
    (root / "truth.json").write_text(json.dumps(truth), encoding="utf-8")
    return StripFolder(DataFolder(root), by_hand=False)


@pytest.mark.parametrize("kind", list(MeterKind))
def test_a_sample_has_its_truth_where_the_hints_are(tmp_path: Path, kind: MeterKind) -> None:
    known = Known(kind)
    folder = written(tmp_path, known)
    source = StripSource(kind, [folder], known)
    (path,) = folder.folder.pictures
    sample = source.sample(folder, path, None)
    assert sample is not None
    assert sample.image.shape == (3 + HINTS[kind], ROWS, PLACES[kind])
    assert sample.image.min() >= 0.0
    assert sample.image.max() <= 1.0
    assert sample.target.sum(axis=1) == pytest.approx(1.0, abs=1e-5)
    hints = sample.image[3:, 0]
    for thing, row in ((Thing.START, 0), (Thing.END, 1), (Thing.READING, 2)):
        off = abs(int(sample.target[thing].argmax()) - int(hints[row].argmax()))
        assert min(off, PLACES[kind] - off) <= 3, thing


@pytest.mark.parametrize("kind", list(MeterKind))
def test_what_is_changed_at_random_still_has_its_truth(tmp_path: Path, kind: MeterKind) -> None:
    known = Known(kind)
    folder = written(tmp_path, known)
    source = StripSource(kind, [folder], known)
    rng = np.random.default_rng(5)
    samples = [source.draw(rng) for _ in range(30)]
    assert known.calls == 1  # each picture is segmented once
    told = [sample.image[3:, 0].any() for sample in samples]
    assert 15 < sum(told) <= 30
    starts = [int(sample.target[Thing.START].argmax()) for sample in samples]
    assert len(set(starts)) > 3  # the axis is a little off
    off = [
        abs(start - int(sample.image[3, 0].argmax()))
        for start, sample in zip(starts, samples, strict=True)
        if sample.image[3, 0].any()
    ]
    assert np.median(np.minimum(off, PLACES[kind])) <= 3
    means = {round(float(sample.image[:3].mean()), 3) for sample in samples}
    assert len(means) > 10


def test_labels_by_hand_are_taken_less_exactly(tmp_path: Path) -> None:
    known = Known(MeterKind.POINTER)
    folder = written(tmp_path, known)
    exact = StripSource(MeterKind.POINTER, [folder], known).sample(
        folder, tmp_path / "images/train/0.png", None
    )
    folder = StripFolder(folder.folder, by_hand=True)
    source = StripSource(MeterKind.POINTER, [folder], known)
    loose = source.sample(folder, tmp_path / "images/train/0.png", None)
    assert exact is not None
    assert loose is not None
    assert loose.target.max() < 0.6 * exact.target.max()


def test_crops_of_the_other_kind_and_unseen_ones_are_passed_over(tmp_path: Path) -> None:
    known = Known(MeterKind.POINTER)
    folder = written(tmp_path, known)
    level = StripSource(MeterKind.LEVEL, [folder], known)
    assert level.sample(folder, folder.folder.pictures[0], None) is None
    folder = StripFolder(folder.folder, by_hand=False)

    class Blind:
        def segment(self, items: Sequence[tuple[Frame, Box]]) -> list[list[Segment]]:
            return [[] for _ in items]

    dial = StripSource(MeterKind.POINTER, [folder], Blind())
    assert dial.sample(folder, folder.folder.pictures[0], None) is None


def test_a_truth_that_is_not_known_teaches_nothing(tmp_path: Path) -> None:
    known = Known(MeterKind.POINTER)
    folder = written(tmp_path, known)
    label = tmp_path / "labels/train/0.txt"
    lines = [
        each for each in label.read_text().splitlines() if not each.startswith(f"{int(SegmentClass.END)} ")
    ]
    label.write_text("\n".join(lines), encoding="utf-8")
    sample = StripSource(MeterKind.POINTER, [folder], known).sample(folder, folder.folder.pictures[0], None)
    assert sample is not None
    assert sample.target[Thing.END].max() == 0.0
    assert sample.target[Thing.START].sum() == pytest.approx(1.0, abs=1e-5)


def change(root: Path, **changes: object) -> None:
    """Change what the data set says of its dial; None takes a key away."""
    path = root / "truth.json"
    truth = json.loads(path.read_text(encoding="utf-8"))
    (dial,) = truth["images"][0]["gauges"]
    dial.update(changes)
    for key in [key for key, value in changes.items() if value is None]:
        del dial[key]
    path.write_text(json.dumps(truth), encoding="utf-8")


def test_where_a_linear_scale_would_begin_is_learnt(tmp_path: Path) -> None:
    known = Known(MeterKind.POINTER)

    def zero(**changes: object) -> tuple[float, float, float]:
        root = tmp_path / str(len(list(tmp_path.iterdir())))
        folder = written(root, known)
        change(root, **changes)
        source = StripSource(MeterKind.POINTER, [folder], known)
        sample = source.sample(folder, folder.folder.pictures[0], None)
        assert sample is not None
        rows = sample.target
        if rows[Thing.ZERO].sum() == 0.0:
            return 0.0, 0.0, 0.0
        zero, start, end = (int(rows[thing].argmax()) for thing in (Thing.ZERO, Thing.START, Thing.END))
        return 1.0, (start - zero) % PLACES[MeterKind.POINTER], (zero - end) % PLACES[MeterKind.POINTER]

    truth = known.scene.truth
    assert truth.zero is not None
    assert zero()[:2] == (1.0, 0)  # a linear scale
    assert truth.ellipse is not None
    start, middle = np.array(truth.landmarks[SegmentClass.START]), np.array(truth.ellipse[0])
    turn = np.array([[np.cos(0.1), np.sin(0.1)], [-np.sin(0.1), np.cos(0.1)]])
    before = [float(v) for v in middle + turn @ (start - middle)]
    known_there, ahead, _ = zero(zero=before, scale="nonlinear", conditions=["compressed_zero"])
    assert known_there
    assert 4 <= ahead <= 14  # 0.1 rad are 8 places on a dial seen from the front
    assert zero(zero=None, scale="nonlinear", conditions=["moving_iron"])[2] == 0  # put on the end
    assert zero(zero=None, scale="nonlinear", conditions=["compressed_zero"])[0] == 0.0  # an older data set
    assert zero(zero=None)[0] == 0.0


def test_a_truth_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    known = Known(MeterKind.POINTER)
    folder = written(tmp_path, known)
    (tmp_path / "truth.json").write_text('{"images": 3}', encoding="utf-8")
    source = StripSource(MeterKind.POINTER, [folder], known)
    with pytest.raises(LabelError, match=r"truth\.json"):
        source.sample(folder, folder.folder.pictures[0], None)


def test_data_sets_without_a_usable_picture_are_refused(tmp_path: Path) -> None:
    known = Known(MeterKind.POINTER)
    with pytest.raises(LabelError, match="no pictures"):
        StripSource(MeterKind.POINTER, [StripFolder(DataFolder(tmp_path / "none"), by_hand=False)], known)
    folder = written(tmp_path / "dials", known)
    source = StripSource(MeterKind.LEVEL, [folder], known)
    with pytest.raises(LabelError, match="level"):
        source.draw(np.random.default_rng(0))


def test_rendered_data_sets_are_read(tmp_path: Path) -> None:
    """The layout that `synth images --task segment` writes."""
    spec = dataset_spec(Task.SEGMENT, (160, 160), kind=MeterKind.LEVEL)
    write_dataset(DatasetJob(tmp_path / "set", Task.SEGMENT, 3, 1, spec, val_share=0.0), workers=1)
    folder = StripFolder(DataFolder(tmp_path / "set"), by_hand=False)
    source = StripSource(MeterKind.LEVEL, [folder], Known(MeterKind.LEVEL))
    assert source.counts == {str(tmp_path / "set"): 3}
    assert source.draw(np.random.default_rng(0)).target.max() > 0.0


def test_tubes_are_mirrored_and_dials_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GREY", "TINTED", "CONTRAST", "BLURRED", "NOISY"):
        monkeypatch.setattr(f"meter_infer.train.strip_data.{name}", 0.0)
    monkeypatch.setattr("meter_infer.train.strip_data._moved", lambda axis, rng: axis)
    ways: dict[MeterKind, set[bool]] = {}
    for kind in MeterKind:
        known = Known(kind)
        folder = written(tmp_path / kind.value, known)
        source = StripSource(kind, [folder], known)
        (path,) = folder.folder.pictures
        plain = source.sample(folder, path, None)
        assert plain is not None
        ways[kind] = set()
        for seed in range(12):
            drawn = source.sample(folder, path, np.random.default_rng(seed))
            assert drawn is not None
            same = np.allclose(drawn.image[:3], plain.image[:3], atol=1e-6)
            assert same or np.allclose(drawn.image[:3], plain.image[:3, ::-1], atol=1e-6)
            assert np.array_equal(drawn.target, plain.target)
            ways[kind].add(same)
    assert ways == {MeterKind.LEVEL: {True, False}, MeterKind.POINTER: {True}}
