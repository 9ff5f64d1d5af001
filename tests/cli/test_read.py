"""`meter-infer read`, all but the networks."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from meter_infer.calibration import Calibration
from meter_infer.cli.outputs import require_distinct
from meter_infer.sinks import COLUMNS
from meter_infer.sources import open_source
from meter_infer.types import Box
from tests.cli.fakes import FakeReader, Run, rows, said


def test_a_video_to_csv(run: Run, reader: FakeReader, video: Path, tmp_path: Path) -> None:
    result = run("read", video, "--csv", tmp_path / "out.csv")
    assert result.exit_code == 0
    found = rows((tmp_path / "out.csv").read_text())
    assert list(found[0]) == list(COLUMNS)
    assert [row["frame"] for row in found] == [str(index) for index in range(8)]
    assert {row["camera"] for row in found} == {"plant"}
    values = [float(row["value"]) for row in found]
    assert values == sorted(values)
    assert reader.closed == 1


def test_csv_on_stdout_and_nothing_else(run: Run, video: Path) -> None:
    result = run("read", video, "--csv", "-")
    assert len(rows(result.stdout)) == 8
    assert "8 frames, 1 meter, 8 readings: 8 good, 0 uncertain, 0 bad" in result.stderr


def test_nothing_on_stdout_without_being_asked(run: Run, video: Path) -> None:
    assert run("read", video).stdout == ""


def test_the_summary(run: Run, video: Path, reader: FakeReader) -> None:
    reader.lost_from = 6
    summary = run("read", video).stderr
    line = next(line for line in summary.splitlines() if "auto-1" in line)
    assert [cell.strip() for cell in line.split("│")[1:6]] == ["plant", "auto-1", "8", "75%", "50"]
    assert "bad no_meter" in line
    assert "8 readings: 6 good, 0 uncertain, 2 bad" in summary


def test_every_so_many_frames(run: Run, reader: FakeReader, video: Path) -> None:
    run("read", video, "--every", 3)
    assert [index for _, index in reader.frames] == [0, 3, 6]


def test_an_annotated_video(run: Run, video: Path, tmp_path: Path) -> None:
    run("read", video, "--annotate", tmp_path / "seen.mp4")
    with open_source(str(video)) as before, open_source(str(tmp_path / "seen.mp4")) as after:
        pairs = list(zip(before, after, strict=True))
    for plain, drawn in pairs:
        assert drawn.luma.shape == plain.luma.shape
        assert np.abs(drawn.luma.astype(int) - plain.luma).max() > 40, "something is drawn"
        assert drawn.captured_at - pairs[0][1].captured_at == plain.captured_at - pairs[0][0].captured_at


def test_an_annotated_picture(run: Run, picture: Path, tmp_path: Path) -> None:
    assert run("read", picture, "--annotate", tmp_path / "seen.png").exit_code == 0
    image = cv2.imread(str(tmp_path / "seen.png"))
    assert image is not None
    assert image.shape == (48, 64, 3)
    assert image.std() > 5


def test_a_folder_of_annotated_pictures(run: Run, reader: FakeReader, picture: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a2.png", "a10.png"):
        (folder / name).write_bytes(picture.read_bytes())
    run("read", folder, "--annotate", tmp_path / "seen")
    assert sorted(path.name for path in (tmp_path / "seen").iterdir()) == ["a10.png", "a2.png"]
    assert reader.frames == [("a2", 0), ("a10", 1)]


@pytest.mark.parametrize(
    ("source", "target", "says"),
    [("video", "seen.png", "kind of video"), ("picture", "seen.mp4", "kind of picture")],
)
def test_an_annotation_of_another_kind(
    run: Run, request: pytest.FixtureRequest, tmp_path: Path, source: str, target: str, says: str
) -> None:
    path = request.getfixturevalue(source)
    assert says in said(run("read", path, "--annotate", tmp_path / target))


@pytest.mark.parametrize("target", ["seen.jpg", "seen.mp4"])
def test_drawings_of_a_folder_need_a_folder(
    run: Run, reader: FakeReader, picture: Path, tmp_path: Path, target: str
) -> None:
    path = tmp_path / target
    assert "for a folder --annotate names a folder" in said(run("read", picture.parent, "--annotate", path))
    assert not path.exists()
    assert reader.options is None, "no network is loaded for it"


def test_a_picture_of_the_folder_is_never_written_over(run: Run, picture: Path) -> None:
    before = picture.read_bytes()
    assert "is one of the pictures" in said(run("read", picture.parent, "--csv", picture))
    assert picture.read_bytes() == before


def test_drawings_of_a_grey_kind(run: Run, picture: Path, tmp_path: Path) -> None:
    """A .pgm holds no colour: nothing is written so, and in a folder it becomes a .png."""
    grey = cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE)
    assert grey is not None
    cv2.imwrite(str(tmp_path / "other.pgm"), grey)
    assert "kind of picture" in said(run("read", picture, "--annotate", tmp_path / "o.pgm"))
    assert run("read", tmp_path, "--annotate", tmp_path / "seen").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "seen").iterdir()) == ["gauge.png", "other.png"]


@pytest.mark.parametrize("option", ["--csv", "--annotate"])
def test_the_source_is_never_written_over(run: Run, video: Path, option: str) -> None:
    before = video.read_bytes()
    assert "is what is being read" in said(run("read", video, option, video))
    assert video.read_bytes() == before


@pytest.mark.parametrize("option", ["--csv", "--annotate"])
def test_the_site_file_is_never_written_over(run: Run, video: Path, tmp_path: Path, option: str) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(f"cameras: {{c: {{url: {video}}}}}\n")
    before = path.read_text()
    assert "is the site file" in said(run("read", video, "--config", path, option, path))
    assert path.read_text() == before


@pytest.mark.parametrize("exists", [True, False])
def test_two_outputs_in_one_file_are_refused(
    run: Run, reader: FakeReader, picture: Path, tmp_path: Path, exists: bool
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    if exists:
        (folder / "x.png").write_text("of yesterday")
    outputs = ("--csv", folder / "x.png", "--annotate", tmp_path / "link" / "x.png")
    assert "x.png is given for two outputs; choose another name" in said(run("read", picture, *outputs))
    assert reader.options is None, "no network is loaded for it"
    assert not exists or (folder / "x.png").read_text() == "of yesterday"


def test_two_outputs_may_go_nowhere() -> None:
    require_distinct([os.devnull, None, os.devnull])


def test_an_empty_source_is_not_this_folder(run: Run) -> None:
    assert "SOURCE is empty" in said(run("read", ""))


# --- strict, interruption -----------------------------------------------------------------------


def test_strict_without_a_flaw(run: Run, video: Path) -> None:
    assert run("read", video, "--strict").exit_code == 0


def test_strict_with_a_bad_reading(run: Run, reader: FakeReader, video: Path) -> None:
    reader.lost_from = 7
    assert run("read", video).exit_code == 0
    assert run("read", video, "--strict").exit_code == 1


def test_pictures_of_a_folder_without_a_meter_are_named(run: Run, reader: FakeReader, picture: Path) -> None:
    """They have no row in the CSV, and nothing else would say which they are."""
    (picture.parent / "pump.png").write_bytes(picture.read_bytes())
    reader.blind_at = 1
    result = run("read", picture.parent)
    assert result.exit_code == 0
    assert "warning: no meter was found in pump.png." in result.stderr
    assert run("read", picture.parent, "--strict").exit_code == 1
    reader.blind_at = None
    result = run("read", picture.parent, "--strict")
    assert result.exit_code == 0
    assert "warning" not in result.stderr


def test_a_video_with_no_meter(run: Run, reader: FakeReader, video: Path, tmp_path: Path) -> None:
    reader.blind = True
    result = run("read", video, "--csv", tmp_path / "out.csv")
    assert result.exit_code == 0
    assert "No meter was found in 8 frames." in result.stderr
    assert rows((tmp_path / "out.csv").read_text()) == []
    assert run("read", video, "--strict").exit_code == 1


def test_ctrl_c_closes_everything(run: Run, reader: FakeReader, video: Path, tmp_path: Path) -> None:
    reader.interrupt_at = 5
    result = run("read", video, "--csv", tmp_path / "out.csv", "--annotate", tmp_path / "seen.mp4")
    assert result.exit_code == 130
    assert "5 frames, 1 meter" in result.stderr
    assert len(rows((tmp_path / "out.csv").read_text())) == 5
    with open_source(str(tmp_path / "seen.mp4")) as source:
        assert len(list(source)) == 5
    assert reader.closed == 1


ENDLESS = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # who starts the tests may have it ignored
from meter_infer.cli.main import app
from meter_infer.cli.read import Parts
from tests.cli.fakes import FakeReader
class Slow(FakeReader):
    def read(self, frames):
        if frames[0].index == 3:
            print("reading", file=sys.stderr, flush=True)
            time.sleep(200)
        return super().read(frames)
app(args=sys.argv[1:], obj=Parts(Slow().build))
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_process_in_good_order(
    video: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    program = ENDLESS
    csv = tmp_path / "out.csv"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "read", str(video), "--csv", str(csv)],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    with process:
        assert process.stderr is not None
        deadline = time.monotonic() + 200
        for line in process.stderr:
            if line == "reading\n" or time.monotonic() > deadline:
                break
        process.send_signal(number)
        rest = process.stderr.read()
        assert process.wait(60) == code
    assert "Traceback" not in rest
    assert len(rows(csv.read_text())) == 3


def test_a_reader_of_stdout_that_goes_away_is_no_error(video: Path) -> None:
    program = ENDLESS.replace("index == 3", "index == 99")
    command = f'"{sys.executable}" -c "$PROGRAM" read "{video}" --csv - | head -n 1'
    done = subprocess.run(
        ["bash", "-c", command + '; echo "exit ${PIPESTATUS[0]}"'],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "PROGRAM": program},
    )
    assert done.stdout.splitlines()[0].startswith("captured_at,")
    assert done.stdout.splitlines()[-1] == "exit 0"
    assert "error" not in done.stderr
    assert "Broken" not in done.stderr


# --- site files ---------------------------------------------------------------------------------

SITE = """\
cameras:
  boiler:
    url: plant.mp4
    meters:
      p1: {kind: pointer, range: [0, 10], unit: bar, box: [1, 2, 30, 40], max_rate: 2}
  yard:
    url: "rtsp://u:${CAM_PASSWORD}@camera.example/stream"
    meters: {l1: {kind: level, calibration: [{at: [3, 4], value: 0}, {at: [3, 1], value: 9}]}}
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text(SITE)
    return path


ENV = {"CAM_PASSWORD": "s3cret"}


def test_the_camera_whose_url_it_is(
    run: Run, reader: FakeReader, video: Path, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(video.parent)
    assert run("read", "./plant.mp4", "--config", site, env=ENV).exit_code == 0
    (setup,) = reader.setups
    assert (setup.camera, setup.meter, setup.unit) == ("boiler", "p1", "bar")
    assert (setup.box, setup.max_rate) == (Box(1, 2, 30, 40), 2)
    assert setup.calibration == Calibration.from_range((0, 10))
    assert {camera for camera, _ in reader.frames} == {"boiler"}


def test_the_camera_that_is_named(run: Run, reader: FakeReader, video: Path, site: Path) -> None:
    assert run("read", video, "--config", site, "--camera", "yard", env=ENV).exit_code == 0
    assert reader.setups[0].calibration_points == ((0, (3, 4)), (9, (3, 1)))
    assert {camera for camera, _ in reader.frames} == {"yard"}


def test_the_only_camera(run: Run, reader: FakeReader, picture: Path, tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_text("cameras: {boiler: {url: 'rtsp://camera.example/', meters: {p1: {kind: pointer}}}}")
    assert run("read", picture, "--config", path).exit_code == 0
    assert reader.frames == [("boiler", 0)]


def test_the_url_of_the_site_is_read_where_no_source_is_given(
    run: Run, reader: FakeReader, video: Path, site: Path
) -> None:
    assert run("read", "--config", site, "--camera", "boiler", env=ENV).exit_code == 0
    assert len(reader.frames) == 8


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ([], "Nothing to read"),
        (["gauge.png", "--camera", "x"], "give that with --config"),
        (["--config", "site.yaml"], "give --camera with one of boiler, yard"),
        (["gauge.png", "--config", "site.yaml"], "give --camera with one of boiler, yard"),
        (
            ["gauge.png", "--config", "site.yaml", "--camera", "roof"],
            "has no camera 'roof'; it has boiler, yard",
        ),
        (["gauge.png", "--config", "gone.yaml"], "gone.yaml cannot be read"),
    ],
)
def test_what_cannot_be_planned(
    run: Run, site: Path, picture: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], says: str
) -> None:
    monkeypatch.chdir(site.parent)
    assert says in said(run("read", *args, env=ENV))


def test_options_reach_the_reader(run: Run, reader: FakeReader, picture: Path, tmp_path: Path) -> None:
    run("read", picture, "--backend", "onnxruntime", "--models", tmp_path)
    assert reader.options is not None
    assert (reader.options.backend, reader.options.models) == ("onnxruntime", tmp_path)


def test_a_step_of_zero_is_refused(run: Run, picture: Path) -> None:
    assert run("read", picture, "--every", "0").exit_code == 2
