from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from meter_infer.errors import ConfigError, ModelError
from meter_infer.models import (
    CLASSES,
    MANIFEST,
    Int8Spec,
    ModelSpec,
    add_to_manifest,
    load_int8,
    load_model,
    read_manifest,
    sha256_of,
)
from meter_infer.resources import data_dir

CONTENT = b"as good as a network"


def spec(task: str, file: str, sha256: str, **changes: Any) -> ModelSpec:
    values: dict[str, Any] = {
        "file": file,
        "sha256": sha256,
        "task": task,
        "architecture": "yolov8n",
        "classes": CLASSES[task],
        "input_size": 640,
        "trained": {"seed": 7, "epochs": 3, "commands": ["meter-infer train detect"], "data": "synth ä"},
        "figures": {"map50": 0.93},
    }
    return ModelSpec(**values | changes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a detector that is what its manifest says."""
    path = tmp_path / "detect.onnx"
    path.write_bytes(CONTENT)
    add_to_manifest(tmp_path, spec("detect", "detect.onnx", sha256_of(path)))
    return tmp_path


def edit(folder: Path, **changes: Any) -> None:
    """Change or (with None) remove keys of the detector's entry."""
    path = folder / MANIFEST
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    entry = content["models"]["detect"] | changes
    content["models"]["detect"] = {key: value for key, value in entry.items() if value is not None}
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


def test_a_model_is_what_its_manifest_says(folder: Path) -> None:
    model = load_model("detect", folder)
    assert model.data == CONTENT
    assert model.path == folder / "detect.onnx"
    assert model.spec == spec("detect", "detect.onnx", sha256_of(model.path))


def test_the_manifest_keeps_other_models(folder: Path) -> None:
    (folder / "s.onnx").write_bytes(b"s")
    added = spec("segment", "s.onnx", sha256_of(folder / "s.onnx"), input_size=256)
    add_to_manifest(folder, added)
    add_to_manifest(folder, spec("detect", "new.onnx", "0" * 64))
    assert read_manifest(folder) == {"detect": spec("detect", "new.onnx", "0" * 64), "segment": added}


def test_another_content_is_refused(folder: Path) -> None:
    (folder / "detect.onnx").write_bytes(CONTENT + b"!")
    with pytest.raises(ModelError, match=r"detect\.onnx.*SHA-256 differs.*restore") as caught:
        load_model("detect", folder)
    assert "\n" not in str(caught.value)


def test_a_missing_file_says_so(folder: Path) -> None:
    (folder / "detect.onnx").unlink()
    with pytest.raises(ModelError, match=r"detect\.onnx.*No such file"):
        load_model("detect", folder)


def test_a_task_without_a_model_says_so(folder: Path) -> None:
    with pytest.raises(ModelError, match="no model for 'segment'"):
        load_model("segment", folder)


def test_a_missing_manifest_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"manifest\.yaml.*No such file"):
        load_model("detect", tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"models:\n\t- x", "not valid YAML"),
        (b"\xff\xfe\x00", "not valid YAML"),
        (b"", "no key 'models'"),
        (b"- 1", "no key 'models'"),
        (b"models: 3", "no key 'models'"),
        (b"models: {detect: 3}", "not a mapping"),
        (b"models: {classify: {}}", "no known task"),
    ],
)
def test_a_damaged_manifest_says_so(folder: Path, content: bytes, words: str) -> None:
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(ModelError, match=words):
        load_model("detect", folder)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"file": None}, "'file'"),
        ({"file": "../detect.onnx"}, "beside the manifest"),
        ({"file": ["a"]}, "'file'"),
        ({"sha256": 12}, "'sha256'"),
        ({"architecture": ""}, "'architecture'"),
        ({"classes": ["level_gauge", "pointer_gauge"]}, "classes"),
        ({"classes": "pointer_gauge"}, "classes"),
        ({"classes": 4}, "classes"),
        ({"input_size": 600}, "multiple of 32"),
        ({"input_size": "640"}, "multiple of 32"),
        ({"input_size": True}, "multiple of 32"),
        ({"trained": "long ago"}, "'trained'"),
        ({"figures": [1]}, "'figures'"),
        ({"colour": "blue"}, "unknown key 'colour'"),
    ],
)
def test_a_wrong_entry_names_its_key(folder: Path, changes: dict[str, Any], words: str) -> None:
    edit(folder, **changes)
    with pytest.raises(ModelError, match=words):
        load_model("detect", folder)


def test_a_hash_in_capitals_is_the_same(folder: Path) -> None:
    edit(folder, sha256=sha256_of(folder / "detect.onnx").upper())
    assert load_model("detect", folder).data == CONTENT


def test_the_class_names_are_in_the_networks_order() -> None:
    assert CLASSES["detect"] == ("pointer_gauge", "level_gauge")
    assert CLASSES["segment"][:5] == ("pointer", "scale", "liquid", "tube", "start")
    assert len(CLASSES["segment"]) == 9


def test_the_shipped_models_are_intact() -> None:
    try:
        folder = data_dir("models")
    except ConfigError:
        pytest.skip("no models are shipped")
    if not (folder / MANIFEST).is_file():
        pytest.skip("no models are trained yet")
    for task, shipped in read_manifest(folder).items():
        model = load_model(task)  # type: ignore[arg-type]  # the manifest has known tasks only
        assert model.spec == shipped
        assert shipped.trained
        assert shipped.figures


def add_twin(folder: Path, **changes: Any) -> None:
    path = folder / "detect.int8.onnx"
    path.write_bytes(b"smaller")
    model = load_model("detect", folder)
    twin = Int8Spec(
        path.name, sha256_of(path), model.spec.sha256, True, ("meter-infer export --int8",), {"n": 3}
    )
    add_to_manifest(folder, replace(model.spec, int8=replace(twin, **changes)))


def test_a_twin_that_holds_is_found(folder: Path) -> None:
    assert load_int8(load_model("detect", folder)) is None
    add_twin(folder)
    model = load_model("detect", folder)
    assert model.data == CONTENT
    twin = load_int8(model)
    assert twin is not None
    assert (twin.path, twin.data) == (folder / "detect.int8.onnx", b"smaller")
    assert model.spec.int8 is not None
    assert model.spec.int8.commands == ("meter-infer export --int8",)
    assert model.spec.int8.figures == {"n": 3}


@pytest.mark.parametrize("changes", [{"holds": False}, {"made_from": "0" * 64}])
def test_a_twin_that_does_not_hold_or_is_of_another_network_is_left_alone(
    folder: Path, changes: dict[str, Any]
) -> None:
    add_twin(folder, **changes)
    assert load_int8(load_model("detect", folder)) is None


def test_a_twin_with_another_hash_is_refused(folder: Path) -> None:
    add_twin(folder, sha256="0" * 64)
    with pytest.raises(ModelError, match=r"detect\.int8\.onnx' is not the one in the manifest"):
        load_int8(load_model("detect", folder))


def test_a_network_exported_anew_loses_its_twin(folder: Path) -> None:
    add_twin(folder)
    add_to_manifest(folder, spec("detect", "detect.onnx", sha256_of(folder / "detect.onnx")))
    assert load_int8(load_model("detect", folder)) is None


@pytest.mark.parametrize(
    "entry",
    [{"file": "x.onnx"}, ["x"], {"file": "../x", "sha256": "a", "made_from": "b", "holds": True},
     {"file": "x", "sha256": "a", "made_from": "b", "holds": "yes"},
     {"file": "x", "sha256": "a", "made_from": "b", "holds": True, "colour": 1}],
)  # fmt: skip
def test_a_damaged_twin_is_an_error(folder: Path, entry: Any) -> None:
    edit(folder, int8=entry)
    with pytest.raises(ModelError, match="int8"):
        load_model("detect", folder)
