"""Which engine the TensorRT backend takes, and what it says where there is none."""

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("onnx")

from meter_infer.backends.base import BackendOptions
from meter_infer.backends.device import DeviceTensor
from meter_infer.backends.engines import Engine, EngineRequest, build_engine, save_engine
from meter_infer.backends.trt_library import TensorRt, load_tensorrt
from meter_infer.cuda.device import Stream
from meter_infer.cuda.pycuda_device import driver
from meter_infer.cuda.worker import share_gpu
from meter_infer.errors import BackendError, BackendUnavailable
from meter_infer.gpu.engines import TASKS, engine_request
from meter_infer.gpu.networks import engine_loader
from meter_infer.models import Task, load_model
from meter_infer.networks import load_detector, load_segmenter
from tests.backends.fake_tensorrt import fake_tensorrt
from tests.backends.test_engines import tiny_request
from tests.cuda.host_device import HostDevice

CARD = "NVIDIA A2 sm_86"


@pytest.fixture(scope="module")
def library() -> TensorRt:
    try:
        return load_tensorrt()
    except BackendUnavailable as error:
        pytest.skip(f"{error} (tests: pip install '.[gputest]')")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("METER_INFER_CACHE", str(tmp_path))
    return tmp_path / "engines"


def request_for(card: str, precision: str = "f16") -> EngineRequest:
    request = tiny_request(precision)
    return replace(request, key=replace(request.key, gpu=card))


def test_the_engine_in_the_cache_is_taken(library: TensorRt, cache: Path) -> None:
    from meter_infer.backends.tensorrt import engine_for

    wanted = request_for(CARD)
    save_engine(wanted.key, Engine(b"for this card", ("rows",)), cache)
    save_engine(replace(wanted.key, gpu="sm_86"), Engine(b"for its capability", ("rows",)), cache)
    assert engine_for(wanted, BackendOptions(build=False)).content == b"for this card"


def test_one_built_from_afar_will_do(library: TensorRt, cache: Path) -> None:
    from meter_infer.backends.tensorrt import engine_for

    save_engine(request_for("sm_86").key, Engine(b"from afar", ("rows",)), cache)
    assert engine_for(request_for(CARD), BackendOptions(build=False)).content == b"from afar"
    with pytest.raises(BackendError, match="no f16 engine for NVIDIA L4 sm_89"):
        engine_for(request_for("NVIDIA L4 sm_89"), BackendOptions(build=False))


@pytest.mark.parametrize(
    ("precision", "build", "command"),
    [("f16", False, "--engine --fp16"), ("f32", False, "--engine --fp32"), ("int8", True, "--engine --int8")],
)
def test_without_one_it_says_which_command_builds_it(
    library: TensorRt, precision: str, build: bool, command: str
) -> None:
    """int8 is never built on the way: it needs calibration."""
    from meter_infer.backends.tensorrt import engine_for

    with pytest.raises(BackendError, match=f"meter-infer export {command}"):
        engine_for(request_for(CARD, precision), BackendOptions(build=build))


def test_building_is_never_silent(library: TensorRt, cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    from meter_infer.backends.tensorrt import engine_for

    if library.flavour != "tensorrt-rtx":
        pytest.skip("this TensorRT builds on a GPU only")
    with caplog.at_level("INFO", "meter_infer.backends.tensorrt"):
        engine = engine_for(request_for(CARD), BackendOptions())
    assert "takes minutes" in caplog.text
    assert "100 %" in caplog.text
    assert engine_for(request_for(CARD), BackendOptions(build=False)) == engine


def test_an_engine_cannot_be_loaded_without_a_card_and_that_is_one_sentence(library: TensorRt) -> None:
    from meter_infer.backends.tensorrt import TensorRtEngine

    try:
        driver()
    except BackendError:
        pass
    else:
        pytest.skip("there is a GPU, which may load it")
    if library.flavour != "tensorrt-rtx":
        pytest.skip("this TensorRT builds on a GPU only")
    engine = build_engine(tiny_request(), capability=86)
    with pytest.raises(BackendError, match="TensorRT cannot load the engine") as caught:
        TensorRtEngine(engine, HostDevice(), "f32")
    assert "\n" not in str(caught.value)


def test_outputs_come_in_the_order_of_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorRT names them in an order of its own."""
    made = fake_tensorrt(monkeypatch).TensorRtEngine(Engine(b"e", ("rows", "maps")), HostDevice(), "f32")
    assert [output.name for output in made.outputs] == ["rows", "maps"]
    results = made.infer(DeviceTensor(64, (2, 3, 32, 64)), Stream(1))
    assert [result.shape for result in results] == [(2, 8, 512), (2, 8, 16, 32)]


@pytest.mark.parametrize("outputs", [("rows",), ("rows", "masks"), ("rows", "maps", "more")])
def test_an_engine_with_other_outputs_is_refused(
    monkeypatch: pytest.MonkeyPatch, outputs: tuple[str, ...]
) -> None:
    with pytest.raises(BackendError, match="not those of its network"):
        fake_tensorrt(monkeypatch).TensorRtEngine(Engine(b"e", outputs), HostDevice(), "f32")


@pytest.mark.parametrize("task", TASKS)
def test_eval_finds_the_engines_that_export_and_run_build(
    monkeypatch: pytest.MonkeyPatch, cache: Path, task: Task
) -> None:
    """All of them ask for the same key."""
    module = fake_tensorrt(monkeypatch)
    monkeypatch.setattr("meter_infer.cuda.pycuda_device.gpu_name", lambda: CARD)
    monkeypatch.setattr("meter_infer.cuda.pycuda_device.open_gpu", lambda: share_gpu(HostDevice, "eval"))
    asked: list[EngineRequest] = []

    def taken(request: EngineRequest, options: BackendOptions) -> Engine:
        asked.append(request)
        raise BackendError("seen")

    monkeypatch.setattr(module, "engine_for", taken)
    load = load_detector if task == "detect" else load_segmenter
    with pytest.raises(BackendError, match="seen"):
        load("tensorrt")
    runs = engine_loader("tensorrt", BackendOptions(precision="auto"))
    with pytest.raises(BackendError, match="seen"):
        runs(load_model(task), HostDevice(), Stream(1))
    exported = engine_request(task, "f16", CARD)
    assert [request.key for request in asked] == [exported.key] * 2
