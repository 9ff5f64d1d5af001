"""Rendered videos: every frame has its truth, and only what moves changes."""

import csv
import resource
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from meter_infer.cli.synth import synth_app
from meter_infer.config import load_site, parse_site
from meter_infer.errors import SinkError
from meter_infer.render.process import sample_process
from meter_infer.render.truth import value_at
from meter_infer.render.video import CSV_COLUMNS, VideoScene, VideoSpec, camera_id, render_video, site_of
from meter_infer.sinks.pictures import VideoFile
from meter_infer.types import MeterKind

SPEC = VideoSpec(seconds=1.0, fps=8, size=(256, 192), seed=3, pointers=1, levels=1)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("video") / "plant 1.mp4"
    render_video(out, SPEC)
    return out


def test_the_video_holds_the_rendered_frames(video: Path) -> None:
    scene = VideoScene(SPEC)
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        frames = [f.to_ndarray(format="bgr24") for f in container.decode(stream)]
    assert len(frames) == SPEC.frames == 8
    for index in (0, 7):
        difference = np.abs(frames[index].astype(int) - scene.frame(index).image)
        assert difference.mean() < 8.0


def test_there_is_a_row_for_each_frame_and_meter(video: Path) -> None:
    with video.with_suffix(".csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == CSV_COLUMNS
    assert [(int(r["frame"]), r["meter"]) for r in rows] == [
        (i, m) for i in range(8) for m in dict.fromkeys(r["meter"] for r in rows)
    ]
    assert {r["meter"]: r["kind"] for r in rows} == {"gauge-1": "pointer", "level-1": "level"}
    scene = VideoScene(SPEC)
    for row in rows:
        item = scene.frame(int(row["frame"])).meters[row["meter"]]
        assert float(row["time_s"]) == pytest.approx(int(row["frame"]) / 8, abs=1e-4)
        assert float(row["fraction"]) == pytest.approx(item.fraction, abs=1e-5)
        assert float(row["value"]) == pytest.approx(value_at(item.anchors, item.fraction), rel=1e-4, abs=1e-4)
        assert float(row["x2"]) == pytest.approx(item.box.x2, abs=0.06)


def test_a_site_file_has_no_two_points_at_one_place() -> None:
    meters = VideoScene(SPEC).frame(0).meters
    points = ((0.0, (-3.0, 9.0)), (1.0, (20.0, 9.0)), (2.0, (21.4, 9.0)), (3.0, (60.0, 9.0)))
    near = {name: replace(item, scale_points=points, range=(0.0, 3.0)) for name, item in meters.items()}
    text = yaml.safe_dump(site_of(Path("a.mp4"), near, calibrated=True))
    (camera,) = parse_site(text, Path("a.yaml"), {}).cameras.values()
    for meter in camera.meters.values():
        assert meter.pixel_points == ((1.0, (20.0, 9.0)), (3.0, (60.0, 9.0)))


def test_the_site_file_configures_its_meters(video: Path) -> None:
    site = load_site(video.with_suffix(".yaml"), {})
    (name,) = site.cameras
    assert name == camera_id(video) == "plant-1"
    camera = site.cameras[name]
    assert site.resolve(Path(str(camera.url))) == video
    meters = VideoScene(SPEC).frame(0).meters
    assert set(camera.meters) == set(meters)
    for key, meter in camera.meters.items():
        assert meter.kind is meters[key].kind
        assert meter.place is not None
        assert meter.place.iou(meters[key].box) > 0.9
        assert meter.scale is not None
        assert meter.scale.value(0.37) == pytest.approx(value_at(meters[key].anchors, 0.37), rel=1e-4)


def test_the_site_file_may_calibrate_by_points_in_the_picture(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        synth_app,
        [
            "video",
            str(tmp_path / "a.mp4"),
            "--seconds",
            "0.2",
            "--size",
            "320x240",
            "--points",
            "--seed",
            "3",
        ],
    )
    assert result.exit_code == 0, result.output
    meters = yaml.safe_load((tmp_path / "a.yaml").read_text())["cameras"]["a"]["meters"].values()
    assert all("at" in point for meter in meters for point in meter["calibration"])
    assert load_site(tmp_path / "a.yaml").cameras


def test_only_the_meters_move() -> None:
    scene = VideoScene(SPEC)
    first, last = scene.frame(0), scene.frame(7)
    changed = np.abs(first.image.astype(int) - last.image).max(axis=2) > 60
    for item in first.meters.values():
        b = item.box
        margin = 0.35 * max(b.width, b.height)
        rows = slice(max(0, int(b.y1 - margin)), int(b.y2 + margin))
        changed[rows, max(0, int(b.x1 - margin)) : int(b.x2 + margin)] = False
    assert not changed.any()


def test_frames_do_not_depend_on_their_order() -> None:
    scene = VideoScene(SPEC)
    later = scene.frame(5).image
    np.testing.assert_array_equal(VideoScene(SPEC).frame(5).image, later)
    scene.frame(2)
    np.testing.assert_array_equal(scene.frame(5).image, later)


@pytest.mark.parametrize("quick", [True, False])
def test_processes_are_smooth_and_stay_on_the_scale(quick: bool) -> None:
    courses = [sample_process(np.random.default_rng(s), 400, 20.0, quick) for s in range(10)]
    for course in courses:
        assert course.shape == (400,)
        assert course.min() >= -0.02
        assert course.max() <= 1.02
        # A full swing takes at least half a second for a pointer, two for a level.
        assert np.abs(np.diff(course)).max() < (0.25 if quick else 0.06)
    assert np.mean([np.ptp(c) for c in courses]) > 0.3


def test_what_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match="cannot write"):
        render_video(tmp_path / "file" / "v.mp4", SPEC)


def test_command_line(tmp_path: Path) -> None:
    out = tmp_path / "v.mp4"
    options = ["--seconds", "0.3", "--fps", "10", "--size", "161x121", "--pointers", "1", "--levels", "0"]
    result = CliRunner().invoke(synth_app, ["video", str(out), *options])
    assert result.exit_code == 0, result.output
    with av.open(str(out)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (160, 120)
        assert sum(1 for _ in container.decode(stream)) == 3
    assert {
        m.kind for c in load_site(out.with_suffix(".yaml"), {}).cameras.values() for m in c.meters.values()
    } == {MeterKind.POINTER}


def test_a_command_that_finds_no_room_leaves_nothing_behind(tmp_path: Path) -> None:
    """Else the next try, with more room, would be refused for what the first one left."""
    options = ["--seconds", "0.3", "--fps", "10", "--size", "160x120", "--pointers", "1", "--levels", "0"]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))
    try:
        result = CliRunner().invoke(synth_app, ["video", str(tmp_path / "v.mp4"), *options])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert result.exit_code == 2
    assert "File too large; choose another file" in " ".join(result.stderr.split())
    assert "Errno" not in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["v.yaml", "v.csv", "v.avi", "v"])
def test_a_name_of_no_video_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    says = r"names no kind of video that can be written; let it end in \.mp4"
    with pytest.raises(SinkError, match=says) as rendered:
        render_video(path, SPEC)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SinkError) as annotated:
        VideoFile(path)
    assert str(rendered.value) == str(annotated.value), "one list for both"


@pytest.mark.parametrize("name", ["v.mp4", "v.csv", "v.yaml"])
def test_the_command_writes_over_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("cameras: {}")
    options = ["--seconds", "0.1", "--fps", "10", "--size", "64x64", "--pointers", "1", "--levels", "0"]
    result = CliRunner().invoke(synth_app, ["video", str(tmp_path / "v.mp4"), *options])
    assert result.exit_code == 2
    said = " ".join(result.stderr.split())
    assert said.endswith(f"{name} is there already; choose another name or remove it first")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "cameras: {}")]
