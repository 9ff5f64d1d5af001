"""What other programs may rely on: names, fields and their order."""

import dataclasses
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import meter_infer
from meter_infer import errors, resources, types
from meter_infer.config import load_site

ROOT = Path(__file__).resolve().parents[1]


def test_the_fields_of_a_reading_keep_their_order() -> None:
    names = [field.name for field in dataclasses.fields(types.Reading)]
    assert names[:13] == [
        "captured_at",
        "camera",
        "meter",
        "kind",
        "value",
        "unit",
        "raw",
        "fraction",
        "quality",
        "reason",
        "confidence",
        "frame",
        "latency_ms",
    ]


def test_the_reasons_are_the_closed_list() -> None:
    assert {reason.value for reason in types.Reason} == {
        "ok",
        "no_signal",
        "no_meter",
        "no_pointer",
        "occluded",
        "blurred",
        "glare",
        "off_scale",
        "implausible_rate",
        "camera_moved",
        "disagreement",
        "uncalibrated",
        "stale",
    }
    assert [quality.value for quality in types.Quality] == ["good", "uncertain", "bad"]


def test_every_error_descends_from_one() -> None:
    raised = [item for item in vars(errors).values() if isinstance(item, type)]
    assert len(raised) > 5
    assert all(issubclass(item, errors.MeterInferError) for item in raised)


def test_the_error_tree_in_the_docstring_is_complete() -> None:
    drawn = set(re.findall(r"\b[A-Z]\w+(?:Error|Timeout|Unavailable|Lost)\b", errors.__doc__ or ""))
    raised = {name for name, item in vars(errors).items() if isinstance(item, type)}
    assert drawn == raised


def test_importing_the_package_needs_no_extra() -> None:
    """`import meter_infer` and its types load nothing heavy: neither engines nor decoders."""
    code = (
        "import sys, meter_infer, meter_infer.types, meter_infer.errors\n"
        "heavy = {'openvino', 'onnxruntime', 'torch', 'ultralytics', 'av', 'cv2', 'typer', 'pydantic'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_version_is_said_once() -> None:
    try:
        installed = importlib.metadata.version("meter-infer")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the package is not installed, only on the path")
    assert installed == meter_infer.__version__


def test_python_and_licence_are_what_the_readme_says() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "AGPL-3.0-or-later"
    assert "GNU AFFERO GENERAL PUBLIC LICENSE" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    names = {re.split(r"[<>=!~\[]", entry)[0] for entry in project["dependencies"]}
    assert not names & {"torch", "ultralytics", "tensorrt", "onnxruntime"}, "the service needs none of these"


@pytest.mark.parametrize("name", ["models", "configs", "calibration"])
def test_shipped_folders_are_found(name: str) -> None:
    folder = resources.data_dir(name)  # type: ignore[arg-type]  # parametrized over the literals
    assert any(folder.iterdir())


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda path: path.name)
def test_sample_site_files_are_valid(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in re.findall(r"\$\{(\w+)\}", path.read_text(encoding="utf-8")):
        monkeypatch.setenv(variable, "secret")
    site = load_site(path)
    assert all(camera.meters for camera in site.cameras.values())
