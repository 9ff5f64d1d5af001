"""Data sets: layout, labels, truth, and the same bytes whatever the number of processes."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from meter_infer.cli.synth import parse_size, synth_app
from meter_infer.errors import ConfigError, SinkError, SourceError
from meter_infer.evaluation.labels import load_labels
from meter_infer.render.dataset import (
    DatasetJob,
    Task,
    clip_polygon,
    dataset_spec,
    find_pictures,
    segment_labels,
    write_dataset,
)
from meter_infer.render.scene import Layout, SceneSpec, render_scene
from meter_infer.render.truth import landmark_disc
from meter_infer.types import MeterKind, SegmentClass


def job(out: Path, task: Task, count: int = 20, val_share: float = 0.1) -> DatasetJob:
    return DatasetJob(out, task, count, 5, dataset_spec(task, (96, 96)), val_share)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_one_process_or_two_write_the_same_bytes(tmp_path: Path) -> None:
    write_dataset(job(tmp_path / "a", Task.SEGMENT), workers=1)
    done: list[int] = []
    write_dataset(job(tmp_path / "b", Task.SEGMENT), workers=2, progress=done.append)
    assert sum(done) == 20
    first, second = contents(tmp_path / "a"), contents(tmp_path / "b")
    assert first == second
    assert len([n for n in first if n.startswith("images/train/")]) == 18
    assert len([n for n in first if n.startswith("images/val/")]) == 2
    assert len([n for n in first if n.startswith("labels/")]) == 20
    assert not [n for n in first if n.endswith(".part")]


def test_segmentation_labels(tmp_path: Path) -> None:
    write_dataset(job(tmp_path, Task.SEGMENT, 12), workers=1)
    names = yaml.safe_load((tmp_path / "data.yaml").read_text())["names"]
    assert names == {int(c): c.name.lower() for c in SegmentClass}
    seen = set()
    for path in (tmp_path / "labels").rglob("*.txt"):
        for line in path.read_text().splitlines():
            label, *numbers = line.split()
            seen.add(int(label))
            assert len(numbers) >= 6
            assert len(numbers) % 2 == 0
            assert all(0.0 <= float(v) <= 1.0 for v in numbers)
    assert {SegmentClass.POINTER, SegmentClass.SCALE, SegmentClass.TIP, SegmentClass.TUBE} <= seen


def test_landmarks_are_centred_on_their_points() -> None:
    scene = render_scene(np.random.default_rng(8), SceneSpec(size=(128, 128), layout=Layout.CROP))
    (item,) = scene.objects
    lines = {int(s.split()[0]): np.array(s.split()[1:], float).reshape(-1, 2) for s in segment_labels(scene)}
    checked = 0
    for mark, point in item.landmarks.items():
        disc = landmark_disc(point, item.full_box)
        if mark in lines and disc.min() >= 0 and disc.max() <= 128:
            low, high = lines[mark].min(axis=0), lines[mark].max(axis=0)
            np.testing.assert_allclose((low + high) / 2 * 128, point, atol=0.01)
            checked += 1
    assert checked >= 2


def test_detection_labels_and_truth(tmp_path: Path) -> None:
    write_dataset(job(tmp_path, Task.DETECT, 10, 1.0), workers=1)
    pictures = load_labels(tmp_path / "truth.json")
    assert len(pictures) == 10
    assert sum(len(p.gauges) for p in pictures) >= 5
    assert yaml.safe_load((tmp_path / "data.yaml").read_text())["val"] == "images/val"
    records = json.loads((tmp_path / "truth.json").read_text())["images"]
    for picture, record in zip(pictures, records, strict=True):
        image = cv2.imread(str(picture.path))
        assert image is not None
        assert image.shape == (record["height"], record["width"], 3)
        label = (tmp_path / record["file"].replace("images", "labels")).with_suffix(".txt")
        lines = label.read_text().splitlines()
        assert len(lines) == len(picture.gauges)
        for line, gauge, item in zip(lines, picture.gauges, record["gauges"], strict=True):
            kind, cx, cy, w, h = (float(v) for v in line.split())
            assert int(kind) == ("pointer", "level").index(gauge.kind)
            assert gauge.box is not None
            assert (cx * 96, cy * 96) == pytest.approx(gauge.box.center, abs=0.02)
            assert (w * 96, h * 96) == pytest.approx((gauge.box.width, gauge.box.height), abs=0.02)
            assert gauge.reading is not None
            assert len(gauge.scale_points) >= 2
            if gauge.range is not None:
                share = (gauge.reading - gauge.range[0]) / (gauge.range[1] - gauge.range[0])
                assert share == pytest.approx(item["fraction"], abs=1e-3)
            else:
                assert item["scale"] == "nonlinear"


def test_clipping_keeps_what_is_inside() -> None:
    square = np.array([[-5.0, -5.0], [5.0, -5.0], [5.0, 5.0], [-5.0, 5.0]])
    clipped = clip_polygon(square, 10, 10)
    assert cv2.contourArea(clipped.astype(np.float32)) == pytest.approx(25.0)
    assert clip_polygon(square + 100, 10, 10).shape == (0, 2)
    inside = square / 10 + 5
    assert clip_polygon(inside, 10, 10) is inside


def test_a_data_set_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    with pytest.raises(SinkError, match="already holds"):
        write_dataset(job(tmp_path, Task.DETECT), workers=1)
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match="cannot make"):
        write_dataset(job(tmp_path / "file" / "x", Task.DETECT), workers=1)


def test_a_folder_without_pictures_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no pictures"):
        find_pictures(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.JPG").write_bytes(b"")
    assert find_pictures(tmp_path) == (tmp_path / "sub" / "a.JPG",)


def test_command_line(tmp_path: Path) -> None:
    runner = CliRunner()
    options = [
        "--count",
        "3",
        "--size",
        "96x64",
        "--per-image",
        "1",
        "1",
        "--dial-px",
        "30",
        "50",
        "--workers",
        "1",
    ]
    result = runner.invoke(
        synth_app, ["images", str(tmp_path / "a"), *options, "--only", "pointer", "--val", "1"]
    )
    assert result.exit_code == 0, result.output
    assert [len(p.gauges) for p in load_labels(tmp_path / "a" / "truth.json")] == [1, 1, 1]
    again = runner.invoke(synth_app, ["images", str(tmp_path / "a"), *options])
    assert again.exit_code == 2
    (tmp_path / "empty").mkdir()
    for bad in (
        ["--tilt", "40", "10"],
        ["--size", "ten"],
        ["--dial-px", "0", "5"],
        ["--backgrounds", str(tmp_path / "empty")],
    ):
        failed = runner.invoke(synth_app, ["images", str(tmp_path / "b"), *bad])
        assert failed.exit_code == 2
        assert not (tmp_path / "b").exists()


def test_sizes() -> None:
    assert parse_size(None, 640) == (640, 640)
    assert parse_size("320", 640) == (320, 320)
    assert parse_size("1280x720", 640) == (1280, 720)
    for bad in ("0", "axb", "1x2x3", "9999", "-5", "²"):
        with pytest.raises(ConfigError, match="--size"):
            parse_size(bad, 640)


def test_where_a_scale_ends_is_found_again_by_its_range(tmp_path: Path) -> None:
    """0.1 added up twelve times is not 1.2; what is written is what is printed."""
    spec = replace(dataset_spec(Task.DETECT, (160, 160)), kind=MeterKind.LEVEL)
    write_dataset(DatasetJob(tmp_path, Task.DETECT, 40, 5, spec, 1.0), workers=1)
    gauges = [gauge for picture in load_labels(tmp_path / "truth.json") for gauge in picture.gauges]
    ranged = [gauge for gauge in gauges if gauge.range is not None]
    assert len(ranged) > 20
    assert [gauge.range for gauge in ranged if gauge.ends is None] == []
