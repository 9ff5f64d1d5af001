from pathlib import Path

import numpy as np
import pytest

from tests.train.networks import need_ultralytics, tiny, write_squares

need_ultralytics()

import onnxruntime  # noqa: E402

from meter_infer.errors import ModelError  # noqa: E402
from meter_infer.models import add_to_manifest, load_model  # noqa: E402
from meter_infer.train.data import DataFolder  # noqa: E402
from meter_infer.train.export import export_onnx  # noqa: E402
from meter_infer.train.loop import Training  # noqa: E402
from meter_infer.train.recipe import CLASS_NAMES, Task  # noqa: E402


@pytest.mark.parametrize("task", list(Task))
def test_exported_file_takes_any_shape_and_enters_the_manifest(tmp_path: Path, task: Task) -> None:
    data = write_squares(tmp_path / "data", task)
    Training(tiny(task, steps=2), tmp_path / "run", [DataFolder(data)]).run()
    exported = export_onnx(tmp_path / "run" / "last.pt", tmp_path / "models" / "net.onnx")
    assert exported.difference < 0.02
    if task is Task.DETECT:
        full = export_onnx(tmp_path / "run" / "last.pt", tmp_path / "full.onnx", half=False)
        assert full.difference < 1e-3
        assert exported.path.stat().st_size < 0.55 * full.path.stat().st_size
    session = onnxruntime.InferenceSession(str(exported.path), providers=["CPUExecutionProvider"])
    outputs = session.run(None, {"images": np.zeros((3, 3, 96, 160), np.float32)})
    channels = 4 + len(CLASS_NAMES[task]) + (32 if task is Task.SEGMENT else 0)
    assert outputs[0].shape == (3, channels, 12 * 20 + 6 * 10 + 3 * 5)
    if task is Task.SEGMENT:
        assert outputs[1].shape == (3, 32, 24, 40)
    add_to_manifest(tmp_path / "models", exported.spec("squares", ["meter-infer train ..."]))
    model = load_model(task.value, tmp_path / "models")
    assert model.spec.trained["data"] == "squares"
    assert model.spec.trained["recipe"]["batch"] == 2
    exported.path.write_bytes(exported.path.read_bytes() + b"x")
    with pytest.raises(ModelError):
        load_model(task.value, tmp_path / "models")


def test_missing_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="missing"):
        export_onnx(tmp_path / "missing.pt", tmp_path / "net.onnx")
