"""The commands as a whole: help, version, site files, commands that load on use."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import meter_infer
from meter_infer.cli import main
from meter_infer.resources import data_dir
from tests.cli.fakes import Run

ROOT = Path(__file__).parents[2]


def test_the_version(run: Run) -> None:
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"meter-infer {meter_infer.__version__}\n")


def test_the_module_runs_as_the_command_does() -> None:
    command = [sys.executable, "-m", "meter_infer", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == f"meter-infer {meter_infer.__version__}\n"


@pytest.mark.parametrize("args", [["--help"], ["-h"], []])
def test_help_shows_every_command_and_examples(run: Run, args: list[str]) -> None:
    result = run(*args)
    text = result.stdout + result.stderr
    for command in ("read", "check", "schema", "eval", "synth", "train", "export"):
        assert f"\n  {command} " in text
    assert "meter-infer read plant.mp4 --config site.yaml --csv readings.csv" in text


@pytest.mark.parametrize("command", ["read", "check", "schema"])
def test_help_of_a_command_has_examples(run: Run, command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"meter-infer {command} " in result.stdout


def test_help_loads_neither_networks_nor_decoders() -> None:
    code = (
        "import sys\nfrom meter_infer.cli.main import app\n"
        "try: app(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'openvino', 'onnxruntime', 'torch', 'ultralytics', 'av'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "[]"


def test_an_unknown_command_is_bad_input(run: Run) -> None:
    assert run("raed").exit_code == 2


def test_a_command_whose_packages_are_missing_says_what_to_install(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(main._LAZY, "train", ("meter_infer.not_there", "app", "Train.", "train"))
    result = run("train", "detect")
    assert result.exit_code == 2
    assert result.stderr == (
        "error: meter-infer train needs the package meter_infer.not_there; "
        "install it with: pip install 'meter-infer[train]'.\n"
    )


@pytest.mark.parametrize("command", sorted(main._LAZY))
def test_the_commands_that_load_on_use_are_there(run: Run, command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.stdout


# --- check and schema ---------------------------------------------------------------------------


def test_a_valid_site_is_shown(run: Run) -> None:
    secrets = {"CAMERA_USER": "plant", "CAMERA_PASSWORD": "s3cret"}
    result = run("check", data_dir("configs") / "plant.yaml", env=secrets)
    assert result.exit_code == 0, result.stderr
    for shown in (
        "boiler-room",
        "rtsp://***@192.0.2.10/stream1",
        "steam-pressure",
        "0 to 16",
        "bar",
        "linear",
        "2/s",
    ):
        assert shown in result.stdout
    assert result.stdout.splitlines()[-1].endswith("is valid: 2 cameras, 4 meters.")
    assert "s3cret" not in result.stdout + result.stderr


def test_every_mistake_is_listed(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("cameras:\n  c:\n    url: x\n    metres: {}\n  C: {ulr: 'rtsp://u:${CAM_PW}@h/'}\n")
    result = run("check", path)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        f"error: {path} has 4 mistakes:",
        "  line 4: cameras.c.metres: is no known key; did you mean meters?",
        "  line 5: cameras.C: differs from c on line 2 only in upper and lower case; rename one.",
        "  line 5: cameras.C.ulr: needs the environment variable CAM_PW, which is not set.",
        "  line 5: cameras.C.url: is missing.",
    ]


def test_brackets_in_a_unit_are_shown(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    (tmp_path / "a.mp4").touch()
    meters = "{p: {kind: pointer, range: [0, 1], unit: 'm3[/h]'}, q: {kind: pointer, unit: '[bar]'}}"
    path.write_text(f"cameras: {{c: {{url: a.mp4, meters: {meters}}}}}\n")
    result = run("check", path)
    assert result.exit_code == 0
    assert "m3[/h]" in result.stdout
    assert "[bar]" in result.stdout


def test_a_recording_that_is_not_there_is_a_warning(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("cameras: {c: {url: gone.mp4}}\n")
    result = run("check", path)
    assert result.exit_code == 0
    assert result.stderr == "warning: cameras.c.url: gone.mp4 does not exist\n"


def test_what_is_hardly_ever_meant_is_a_warning(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    url = "rtsp://plant:$CAM_PASSWORD@camera.example/"
    path.write_text(f"cameras: {{c: {{url: '{url}', meters: {{p: {{kind: pointer}}}}}}}}\n")
    result = run("check", path)
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "warning: cameras.c.url: has a $ and a name; a variable of the environment is written ${NAME}",
        "warning: cameras.c.meters.p: has neither range nor calibration: no reading of it has a value",
    ]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("command", ["schema", "check"])
def test_standard_output_that_is_full_is_said(tmp_path: Path, command: str) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("cameras: {c: {url: rtsp://camera.example/}}\n")
    words = [sys.executable, "-m", "meter_infer", command, *([str(path)] if command == "check" else [])]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: standard output cannot be written: No space left on device\n"


def test_the_schema_is_printed(run: Run) -> None:
    schema = json.loads(run("schema").stdout)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert "cameras" in schema["properties"]


@pytest.mark.parametrize("command", ["graduations", "choices", "confidence"])
def test_a_fit_that_could_not_be_written_is_not_begun(run: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "weights.py"
    done = run("train", command, tmp_path / "labels.json", "--out", out)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"error: {out} cannot be written (")
