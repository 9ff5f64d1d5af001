"""Which backend is taken, and what is said when there is none."""

import logging
import subprocess
import sys
from typing import Any

import pytest

pytest.importorskip("onnx")
from meter_infer.backends import BACKENDS, BackendOptions, create_backend
from meter_infer.errors import BackendError, BackendUnavailable
from tests.backends.tiny_onnx import tiny_model


def hide(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    """Make imports of the packages fail, as if they were not installed."""
    for package in packages:
        monkeypatch.setitem(sys.modules, package, None)
        monkeypatch.delitem(sys.modules, f"meter_infer.backends.{package}", raising=False)


def test_auto_takes_openvino_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "meter_infer.backends"):
        create_backend("auto", tiny_model()).close()
    assert "openvino-f32" in caplog.text


def test_auto_takes_what_is_installed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("onnxruntime")
    hide(monkeypatch, "openvino")
    with caplog.at_level(logging.INFO, "meter_infer.backends"):
        create_backend("auto", tiny_model()).close()
    assert "onnxruntime-f32" in caplog.text


def test_nothing_installed_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, *BACKENDS)
    with pytest.raises(BackendUnavailable, match="pip install openvino"):
        create_backend("auto", tiny_model())


@pytest.mark.parametrize(
    ("name", "command"),
    [("openvino", "pip install openvino"), ("onnxruntime", r"pip install '\.\[onnx\]' in the checkout")],
)
def test_a_missing_engine_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, name: str, command: str
) -> None:
    hide(monkeypatch, name)
    with pytest.raises(BackendUnavailable, match=command):
        create_backend(name, tiny_model())


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        BackendError, match="'tpu' is unknown; use one of auto, openvino, onnxruntime, tensorrt, cuda"
    ):
        create_backend("tpu", tiny_model())


@pytest.mark.parametrize(
    "options", [{"threads": -1}, {"precision": "int3"}, {"hint": "fast"}, {"precision": "fp32"}]
)
def test_impossible_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(BackendError):
        BackendOptions(**options)


def test_onnxruntime_has_no_bf16() -> None:
    pytest.importorskip("onnxruntime")
    with pytest.raises(BackendError, match="no bf16"):
        create_backend("onnxruntime", tiny_model(), BackendOptions(precision="bf16"))


def test_the_package_imports_no_engine() -> None:
    code = (
        "import sys, meter_infer.networks, meter_infer.backends; "
        "assert not {'openvino', 'onnxruntime', 'onnx', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_openvino_reports_to_nobody() -> None:
    pytest.importorskip("openvino")
    code = (
        "import sys, threading, meter_infer.backends.openvino; "
        "assert 'openvino_telemetry' not in sys.modules, 'telemetry'; "
        "assert threading.active_count() == 1, threading.enumerate()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
