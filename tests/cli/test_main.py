"""The commands as a whole: help, version, site files, commands that load on use."""

import json
import subprocess
import sys
import tomllib
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
        "install it with: pip install '.[train]' in the checkout.\n"
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


@pytest.mark.parametrize(
    ("meter", "first"), [("kind: pointer", "first mark"), ("kind: level, range: [0, 9]", "lower end")]
)
@pytest.mark.parametrize("falls", [True, False])
def test_a_calibration_that_runs_backwards_is_a_warning(
    run: Run, tmp_path: Path, meter: str, first: str, falls: bool
) -> None:
    points = "[[0, 9], [1, 0]]" if falls else "[[0, 0], [1, 9]]"
    path = tmp_path / "site.yaml"
    url = "rtsp://camera.example/"
    path.write_text(f"cameras: {{c: {{url: '{url}', meters: {{m: {{{meter}, calibration: {points}}}}}}}}}")
    result = run("check", path)
    assert result.exit_code == 0
    assert result.stderr.splitlines() == falls * [
        f"warning: cameras.c.meters.m.calibration: runs backwards: its values fall from the {first} on; "
        "is that so on the scale?"
    ]


needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


@needs_full
@pytest.mark.parametrize("command", ["--help", "--version", "read --help", "eval --help"])
def test_help_that_finds_no_room_is_said(command: str) -> None:
    words = [sys.executable, "-m", "meter_infer", *command.split()]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT)
    assert done.returncode == 2
    assert done.stderr == "error: standard output cannot be written: No space left on device\n"


INTERRUPTED = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.{handler})  # who starts the tests may have it otherwise
class Finder:
    def find_spec(self, name, *rest):
        if name == "meter_infer.cli.{module}":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
sys.argv = ["meter-infer", "--version"]
{start}
"""
AS_MODULE = "import runpy; runpy.run_module('meter_infer', run_name='__main__', alter_sys=True)"


def command_of_the_package() -> str:
    """What the installed command runs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    module, _, function = project["scripts"]["meter-infer"].partition(":")
    return f"from {module} import {function}; {function}()"


@pytest.mark.parametrize("start", [AS_MODULE, command_of_the_package()], ids=["module", "command"])
@pytest.mark.parametrize("module", ["main", "read_view"])
def test_ctrl_c_while_the_program_loads(start: str, module: str) -> None:
    code = INTERRUPTED.format(handler="default_int_handler", module=module, start=start)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


def test_a_ctrl_c_that_is_to_be_ignored_is_ignored() -> None:
    code = INTERRUPTED.format(handler="SIG_IGN", module="main", start=AS_MODULE)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")


@needs_full
@pytest.mark.parametrize("stderr", ["2>/dev/full", "2>&-"])
def test_standard_error_that_takes_nothing_costs_nothing(tmp_path: Path, stderr: str) -> None:
    """The warnings of a site file, one of them longer than any buffer, are lost; its content is shown."""
    path = tmp_path / "site.yaml"
    meters = ", ".join(f"m{index}: {{kind: pointer}}" for index in range(200))
    path.write_text(f"cameras: {{c: {{url: rtsp://camera.example/, meters: {{{meters}}}}}}}\n")
    command = f'"{sys.executable}" -m meter_infer check "{path}" {stderr}'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].endswith("is valid: 1 camera, 200 meters.")


@needs_full
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
