"""The benchmark on small cameras, with a reader that knows what each frame shows."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from meter_infer.annotate import Polyline
from meter_infer.app import ReaderOptions
from meter_infer.bench import serving
from meter_infer.bench.clips import Clip, cache_folder, load_clip, make_clips
from meter_infer.bench.live import Run
from meter_infer.cli.main import app
from meter_infer.pipeline import MeterSetup
from meter_infer.render.stamp import WIDTH, draw_number, read_number
from meter_infer.render.video import VideoSpec
from meter_infer.runtime.timing import Observe
from meter_infer.types import Frame, MeterKind, Quality, Reading, Reason

ERROR = 0.005
"""By how much of the span each reading is wrong."""
BENCH = ("bench", "--streams", 2, "--size", "320x240", "--fps", 10, "--seconds", 2, "--clip-seconds", 2)


class TellingReader:
    """Reads the number in a frame and answers with the truth of that frame, a little off."""

    engine = "telling"

    def __init__(self) -> None:
        self._meters: dict[str, tuple[MeterSetup, ...]] = {}
        self._clips: dict[str, Clip] = {}

    def read(self, frames: Sequence[Frame]) -> list[Reading]:
        return [self._one(frame, setup) for frame in frames for setup in self._meters.get(frame.camera, ())]

    def _one(self, frame: Frame, setup: MeterSetup) -> Reading:
        clip = self._clip(frame.camera)
        number = read_number(frame.luma)
        assert number is not None
        truth = clip.meters[setup.meter]
        low, high = truth.limits
        value = float(truth.values[number]) + ERROR * (high - low)
        return Reading(
            captured_at=frame.captured_at,
            camera=frame.camera,
            meter=setup.meter,
            kind=MeterKind.POINTER,
            value=value,
            unit=None,
            raw=value,
            fraction=None,
            quality=Quality.GOOD,
            reason=Reason.OK,
            confidence=0.9,
            frame=frame.index,
            latency_ms=1.0,
        )

    def _clip(self, camera: str) -> Clip:
        if camera not in self._clips:
            seed = int(camera.removeprefix("cam")) - 1
            (path,) = cache_folder().glob(f"v*-{seed}.mp4")
            self._clips[camera] = load_clip(path)
        return self._clips[camera]

    def verify(self, frame: Frame) -> list[Reading]:
        return []

    def configure(self, camera: str, meters: Sequence[MeterSetup]) -> None:
        self._meters[camera] = tuple(meters)

    def forget(self, camera: str) -> None:
        self._meters.pop(camera, None)

    def seen(self, camera: str, meter: str) -> Sequence[Polyline]:
        return ()

    def close(self) -> None:
        pass


def build(options: ReaderOptions, cadence_s: float, observe: Observe) -> TellingReader:
    return TellingReader()


Bench = Callable[..., Result]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("meter_infer.bench.live._WARM_LIMIT_S", 150.0)  # this machine may be busy

    def run(*arguments: object) -> Result:
        plan = Run(1, 1, 1, build_reader=build)
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], obj=plan)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def test_a_number_survives_what_coding_does_to_a_corner() -> None:
    rng = np.random.default_rng(3)
    for number in (0, 1, 399, 40_000, 65_535, 65_536):
        image = rng.integers(0, 255, (64, WIDTH + 40), dtype=np.uint8)
        assert read_number(image) != number or number == 0
        draw_number(image, number)
        _, coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 40])
        luma = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
        assert read_number(luma) == number % 65_536
    assert read_number(np.full((64, WIDTH + 40), 90, np.uint8)) is None
    assert read_number(np.zeros((4, 20), np.uint8)) is None


def accounted(report: dict[str, Any]) -> int:
    """Frames of which is known what became of them; a busy machine does not read all of them."""
    assert report["frames_read"] > 0
    return int(report["frames_read"] + report["waiting_at_end"] + sum(report["dropped"].values()))


def test_every_frame_is_judged_by_its_own_truth(bench: Bench, tmp_path: Path) -> None:
    if serving.why_no_rtsp():
        pytest.skip(str(serving.why_no_rtsp()))
    figures, plot = tmp_path / "figures.json", tmp_path / "run.png"
    result = bench(*BENCH, "--json", figures, "--plot", plot)
    assert result.exit_code == 0, result.output
    report = json.loads(figures.read_text())
    assert report["served"] == "rtsp"
    assert report["frames_sent"] == pytest.approx(20 * report["seconds"], rel=0.4)
    assert accounted(report) >= 0.8 * report["frames_sent"]
    assert report["frames_decoded"] >= report["frames_read"]
    assert report["mae"] == pytest.approx(100 * ERROR, abs=1e-3)
    assert report["p95_error"] == pytest.approx(100 * ERROR, abs=1e-3)
    assert report["confident_wrong"] == 0
    assert report["coverage"] >= 0.8 * report["frames_read"] / report["frames_sent"]
    assert report["readings_per_s"] > 0
    assert 0 < report["latency_ms"]["p50"] <= report["latency_ms"]["p95"] <= report["latency_ms"]["p99"]
    assert report["cores"] > 0
    assert report["rss_mib"] > 10
    assert cv2.imread(str(plot)) is not None
    assert "2, 4 meters, over rtsp" in result.stdout


def test_without_an_rtsp_server_the_cameras_are_paced_from_their_files(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("meter_infer.bench.serving", "meter_infer.cli.bench"):
        monkeypatch.setattr(f"{module}.why_no_rtsp", lambda: "none is installed")
    figures = tmp_path / "figures.json"
    result = bench(*BENCH, "--streams", 1, "--json", figures)
    assert result.exit_code == 0, result.output
    assert "paced from their files" in result.stderr
    report = json.loads(figures.read_text())
    assert report["served"] == "file"
    assert accounted(report) >= 0.8 * report["frames_sent"] > 0
    assert report["mae"] == pytest.approx(100 * ERROR, abs=1e-3)


def test_the_pictures_are_rendered_once(bench: Bench) -> None:
    if serving.why_no_rtsp():
        pytest.skip(str(serving.why_no_rtsp()))
    assert bench(*BENCH, "--streams", 1, "--seconds", 1).exit_code == 0
    (clip,) = cache_folder().glob("*.mp4")
    before = clip.stat().st_mtime_ns
    assert bench(*BENCH, "--streams", 1, "--seconds", 1).exit_code == 0
    assert clip.stat().st_mtime_ns == before


def test_calibrated_meters_have_points_in_their_own_box(tmp_path: Path) -> None:
    spec = VideoSpec(seconds=0.1, fps=10, size=(320, 240), pointers=1, levels=1, seed=3)
    (clip,) = make_clips(tmp_path, [spec], lambda _: None, calibrated=True)
    (plain,) = make_clips(tmp_path, [spec], lambda _: None)
    for name, meter in clip.meters.items():
        x1, y1, x2, y2 = meter.config["box"]
        points = meter.config["calibration"]
        assert len(points) > 1
        assert all(x1 <= point["at"][0] <= x2 and y1 <= point["at"][1] <= y2 for point in points)
        assert plain.meters[name].config | {"calibration": points} == meter.config


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--size", "big"), "big"),
        (("--size", "101x100"), "even"),
        (("--levels", 3), "--levels 3"),
        (("--streams", 0), "--streams"),
        (("--json", "/nowhere/at/all.json"), "does not exist"),
        (("--gpu", "--by-range"), "--by-range"),
    ],
)
def test_a_bad_option_is_one_sentence(bench: Bench, options: tuple[object, ...], says: str) -> None:
    result = bench("bench", *options)
    assert result.exit_code == 2
    assert says in result.stderr
    assert "Traceback" not in result.stderr
