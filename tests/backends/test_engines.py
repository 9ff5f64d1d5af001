"""Engines: built for real where a TensorRT is installed, kept, found again, and never taken for another."""

from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

onnx = pytest.importorskip("onnx")

from meter_infer.backends.engines import (  # noqa: E402
    PRECISIONS,
    Engine,
    EngineKey,
    EngineRequest,
    build_engine,
    engine_key,
    ensure_engine,
    load_engine,
    save_engine,
)
from meter_infer.backends.precision import output_names  # noqa: E402
from meter_infer.backends.trt_library import TensorRt, load_tensorrt  # noqa: E402
from meter_infer.cli.main import app  # noqa: E402
from meter_infer.errors import BackendError, BackendUnavailable, ModelError  # noqa: E402
from meter_infer.gpu.engines import TASKS, calibration_inputs, engine_request  # noqa: E402
from meter_infer.models import Task, load_model  # noqa: E402
from tests.backends.tiny_onnx import tiny_model  # noqa: E402

KEY = EngineKey("a" * 64, "f16", "NVIDIA A2 sm_86", "tensorrt 10.9.0", ((256, 256),) * 3)
ENGINE = Engine(b"an engine" * 100, ("second", "first"))
OTHERS = [
    replace(KEY, model="b" * 64),
    replace(KEY, precision="int8"),
    replace(KEY, gpu="NVIDIA A2 sm_89"),
    replace(KEY, library="tensorrt 10.9.1"),
    replace(KEY, library="tensorrt-rtx 10.9.0"),
    replace(KEY, shapes=((256, 256), (256, 256), (320, 320))),
    replace(KEY, max_batch=8),
    replace(KEY, recipe=KEY.recipe + 1),
]


@pytest.fixture(scope="module")
def library() -> TensorRt:
    try:
        return load_tensorrt()
    except BackendUnavailable as error:
        pytest.skip(f"{error} (tests: pip install '.[gputest]')")


@pytest.fixture
def rtx(library: TensorRt) -> TensorRt:
    if library.flavour != "tensorrt-rtx":
        pytest.skip("this TensorRT builds on a GPU only")
    return library


def tiny_request(precision: str = "f32", model: bytes | None = None) -> EngineRequest:
    model = tiny_model() if model is None else model
    batch = np.random.default_rng(0).random((2, 3, 64, 64), dtype=np.float32)
    return EngineRequest(engine_key(model, precision, "sm_86", (32, 64)), model, lambda: [batch])


def test_an_engine_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    assert load_engine(KEY, tmp_path) is None
    path = save_engine(KEY, ENGINE, tmp_path / "new")
    assert path.name.startswith("aaaaaaaaaaaa-f16-nvidia-a2-sm-86-")
    assert load_engine(KEY, tmp_path / "new") == ENGINE


@pytest.mark.parametrize("other", OTHERS, ids=lambda key: key.library + key.precision)
def test_anything_else_needs_another_engine(other: EngineKey, tmp_path: Path) -> None:
    save_engine(KEY, ENGINE, tmp_path)
    assert other.path(tmp_path) != KEY.path(tmp_path)
    assert load_engine(other, tmp_path) is None
    KEY.path(tmp_path).rename(other.path(tmp_path))
    with pytest.raises(BackendError, match="built for something else; remove it"):
        load_engine(other, tmp_path)


@pytest.mark.parametrize("place", [-1, -9, 100, 30, 3, None])
def test_a_damaged_engine_is_refused(place: int | None, tmp_path: Path) -> None:
    """None: in the name of an output."""
    path = save_engine(KEY, ENGINE, tmp_path)
    content = bytearray(path.read_bytes())
    place = content.index(b"second") if place is None else place
    content[place] ^= 0x01
    path.write_bytes(content)
    with pytest.raises(BackendError, match="remove it"):
        load_engine(KEY, tmp_path)


@pytest.mark.parametrize("length", [0, 10, 22, 60, 500])
def test_half_an_engine_is_refused(length: int, tmp_path: Path) -> None:
    path = save_engine(KEY, ENGINE, tmp_path)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(BackendError, match="remove it"):
        load_engine(KEY, tmp_path)


def test_a_folder_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BackendError, match="METER_INFER_CACHE"):
        save_engine(KEY, ENGINE, tmp_path / "file")


@pytest.mark.parametrize("place", ["file", "file/engines"])
def test_a_folder_that_cannot_be_written_is_noticed_before_building(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("meter_infer.backends.engines.build_engine", lambda *_, **__: pytest.fail("built"))
    with pytest.raises(BackendError, match=r"cannot be written to .*METER_INFER_CACHE"):
        ensure_engine(EngineRequest(KEY, b"model"), folder=tmp_path / place)


def test_an_engine_that_is_there_needs_no_folder_to_write_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_engine(KEY, ENGINE, tmp_path)
    monkeypatch.setattr("meter_infer.backends.engines.check_folder", lambda _: pytest.fail("not needed"))
    assert ensure_engine(EngineRequest(KEY, b"model"), folder=tmp_path) == (path, False)


def test_outputs_are_named_in_the_order_of_the_model() -> None:
    """The segmenter computes its prototypes, the second output, first."""
    assert output_names(load_model("segment").data) == ("output0", "output1")
    assert output_names(tiny_model()) == ("rows", "maps")


def test_an_unknown_precision_is_refused(library: TensorRt) -> None:
    with pytest.raises(BackendError, match="f32, f16, int8"):
        engine_key(b"model", "f64", "sm_86", (32, 64), library)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_small_network_is_built_once_with_progress(rtx: TensorRt, precision: str, tmp_path: Path) -> None:
    said: list[tuple[str, float]] = []
    request = tiny_request(precision)
    path, built = ensure_engine(
        request, lambda phase, share: said.append((phase, share)), capability=86, folder=tmp_path
    )
    assert built
    assert len({phase for phase, _ in said}) > 1
    assert all(0 <= share <= 1 for _, share in said)
    kept = load_engine(request.key, tmp_path)
    assert kept is not None
    assert kept.outputs == ("rows", "maps")
    first = path.read_bytes()
    assert ensure_engine(request, capability=86, folder=tmp_path) == (path, False)
    assert path.read_bytes() == first
    assert ensure_engine(request, capability=86, folder=tmp_path, rebuild=True) == (path, True)


def test_a_damaged_engine_is_built_anew(
    rtx: TensorRt, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, _ = ensure_engine(tiny_request(), capability=86, folder=tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    assert ensure_engine(tiny_request(), capability=86, folder=tmp_path) == (path, True)
    assert "damaged" in caplog.text
    assert load_engine(tiny_request().key, tmp_path) is not None


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("precision", ["f16", "int8"])
@pytest.mark.parametrize("task", TASKS)
def test_the_shipped_networks_become_engines(rtx: TensorRt, task: Task, precision: str) -> None:
    request = engine_request(task, precision, "sm_86")
    few = partial(islice, request.calibration(), 2)
    request = replace(request, calibration=few)
    engine = build_engine(request, capability=86)
    assert len(engine.content) > 0.3 * len(request.model)
    assert engine.outputs[0] == "output0"


@pytest.mark.parametrize("capability", [75, 80, 86, 89])
def test_it_builds_for_cards_elsewhere(rtx: TensorRt, capability: int) -> None:
    assert build_engine(tiny_request(), capability=capability).content


def test_a_card_that_it_does_not_know_is_refused_with_those_it_does(rtx: TensorRt) -> None:
    with pytest.raises(BackendError, match=r"no sm90 from afar; it knows .*sm86"):
        build_engine(tiny_request(), capability=90)


@pytest.mark.parametrize("model", [b"", b"not a model", tiny_model()[:200]])
@pytest.mark.parametrize("precision", ["f32", "f16"])
def test_what_is_no_model_is_refused(rtx: TensorRt, model: bytes, precision: str) -> None:
    with pytest.raises(BackendError, match="cannot read the model") as caught:
        build_engine(tiny_request(precision, model), capability=86)
    assert "\n" not in str(caught.value)


def test_a_model_of_another_kind_is_refused(rtx: TensorRt) -> None:
    with pytest.raises(BackendError, match="one input"):
        build_engine(tiny_request(model=tiny_model(inputs=2)), capability=86)


def test_a_network_that_it_cannot_build_says_why(rtx: TensorRt) -> None:
    request = tiny_request()
    impossible = replace(request.key, shapes=((64, 64), (32, 32), (64, 64)))
    with pytest.raises(BackendError, match="TensorRT cannot") as caught:
        build_engine(replace(request, key=impossible), capability=86)
    assert len(str(caught.value)) > 60


def test_the_detector_takes_every_shape_that_frames_become() -> None:
    pytest.importorskip("onnxruntime")
    frames = list(calibration_inputs("detect", 640, None))
    crops = list(calibration_inputs("segment", 256, None))
    assert {batch.shape for batch in crops} == {(1, 3, 256, 256)}
    assert len(frames) >= 16
    assert all(384 <= side <= 640 for batch in frames for side in batch.shape[2:])


def test_missing_calibration_pictures_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no calibration pictures"):
        list(calibration_inputs("detect", 640, tmp_path))


def test_the_command_builds_keeps_and_finds(
    rtx: TensorRt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METER_INFER_CACHE", str(tmp_path))
    request = tiny_request()
    monkeypatch.setattr("meter_infer.gpu.engines.engine_request", lambda *args: request)
    outputs = [CliRunner().invoke(app, ["export", "--engine", "--gpu", "sm86"]) for _ in range(2)]
    assert [result.exit_code for result in outputs] == [0, 0]
    assert "sm_86, tensorrt-rtx" in outputs[0].output
    assert "built" in outputs[0].output
    assert "built" not in outputs[1].output
    assert len(list((tmp_path / "engines").glob("*.engine"))) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--engine", "--fp16", "--int8"], "give one of"),
        (["--engine", "last.pt"], "--models"),
        (["last.pt"], "or --engine"),
        (["--engine", "--gpu", "tesla"], "no compute capability"),
    ],
)
def test_wrong_options_are_explained(arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(app, ["export", *arguments])
    assert result.exit_code == 2
    assert words in result.output
