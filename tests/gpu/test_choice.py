"""Asking for a GPU where there is none: one sentence that says what to do."""

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from meter_infer.backends import ON_GPU, BackendOptions
from meter_infer.cli.main import app
from meter_infer.errors import BackendError, BackendUnavailable
from meter_infer.networks import load_networks


@pytest.fixture
def no_pycuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pycuda", None)
    monkeypatch.setitem(sys.modules, "pycuda.driver", None)


@pytest.mark.parametrize("backend", ON_GPU)
def test_without_its_packages_a_gpu_is_refused_with_what_to_install(no_pycuda: None, backend: str) -> None:
    with pytest.raises(BackendUnavailable, match="pip install"):
        load_networks(backend)


@pytest.mark.parametrize("backend", ON_GPU)
def test_the_commands_say_it_in_one_sentence(no_pycuda: None, backend: str, tmp_path: Path) -> None:
    picture = next((Path(__file__).parents[2] / "calibration" / "images" / "detect").glob("*.jpg"))
    result = CliRunner().invoke(app, ["read", str(picture), "--backend", backend, "--no-build"])
    assert result.exit_code == 2
    assert "pip install" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(("backend", "words"), [("auto", "pip install"), ("openvino", "tensorrt or cuda")])
def test_the_benchmark_needs_a_gpu(no_pycuda: None, backend: str, words: str) -> None:
    result = CliRunner().invoke(app, ["bench", "--gpu", "--backend", backend])
    assert result.exit_code == 2
    assert words in result.output


def test_auto_never_takes_a_gpu(no_pycuda: None) -> None:
    networks = load_networks("auto")
    assert networks.name.startswith("openvino-")
    networks.close()


def test_a_precision_of_another_engine_is_refused() -> None:
    with pytest.raises(BackendError, match="'openvino' has no f16"):
        load_networks("openvino", BackendOptions(precision="f16"))


def test_an_unknown_policy_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["run", str(tmp_path / "site.yaml"), "--gpu-loss", "pray"])
    assert result.exit_code == 2
    assert "cpu or restart" in result.output
