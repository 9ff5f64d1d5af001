from pathlib import Path

import numpy as np
import pytest

from tests.train.networks import need_ultralytics, tiny

need_ultralytics()

import onnx  # noqa: E402
import torch  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from torch import nn  # noqa: E402

from meter_infer.errors import ModelError  # noqa: E402
from meter_infer.resources import data_dir  # noqa: E402
from meter_infer.train.networks import build_network  # noqa: E402
from meter_infer.train.prune import narrow_start  # noqa: E402
from meter_infer.train.recipe import Task  # noqa: E402
from meter_infer.train.warmstart import is_wider, read_folded_weights, warm_start  # noqa: E402


def folded(network: nn.Module) -> dict[str, np.ndarray]:
    """A network's convolutions with their batch norms folded in, as an exporter writes them."""
    network = network.fuse(verbose=False)
    return {
        f"{name}.{kind}": getattr(module, kind).detach().numpy()
        for name, module in network.named_modules()
        if isinstance(module, nn.Conv2d) and ".dfl." not in name
        for kind in ("weight", "bias")
    }


def write_onnx(path: Path, weights: dict[str, np.ndarray]) -> None:
    tensors = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()]
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    node = helper.make_node("Identity", ["x"], ["y"])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([node], "g", [value], [out], tensors)
    onnx.save(helper.make_model(graph), str(path))


def donor(architecture: str = "yolov8n") -> nn.Module:
    """A network with norms that are far from the identity."""
    network = build_network(tiny(Task.DETECT, seed=5, architecture=architecture))
    generator = torch.Generator().manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1.5, generator=generator)
            module.bias.data.uniform_(-0.5, 0.5, generator=generator)
            module.running_mean.uniform_(-0.3, 0.3, generator=generator)
            module.running_var.uniform_(0.5, 2.0, generator=generator)
    return network.eval()


def test_the_unfolded_network_computes_what_the_donor_computed(tmp_path: Path) -> None:
    source = donor()
    pictures = torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = source(pictures)[0]
    write_onnx(tmp_path / "donor.onnx", folded(source))
    network = build_network(tiny(Task.DETECT, seed=9))
    report = warm_start(network, read_folded_weights(tmp_path / "donor.onnx"), pictures)
    assert report.convolutions == report.convolutions_in_all == 63
    with torch.no_grad():
        network.eval()
        assert torch.allclose(network(pictures)[0], expected, rtol=1e-3, atol=1e-3)
        # norms hold the statistics of their inputs: a batch's own ones change little
        norm = network.get_submodule("model.3.bn")
        assert norm.running_var.std() > 0


def test_what_does_not_fit_keeps_its_own_weights(tmp_path: Path) -> None:
    weights = folded(donor())
    weights["model.0.conv.weight"] = np.zeros((7, 3, 3, 3), np.float32)
    del weights["model.1.conv.bias"]
    write_onnx(tmp_path / "donor.onnx", weights)
    network = build_network(tiny(Task.DETECT, seed=9))
    before = [network.get_submodule(f"model.{i}.conv").weight.clone() for i in range(2)]
    report = warm_start(network, read_folded_weights(tmp_path / "donor.onnx"), torch.rand(2, 3, 64, 64))
    assert report.convolutions == 61
    for index in range(2):
        assert torch.equal(network.get_submodule(f"model.{index}.conv").weight, before[index])


def test_a_narrow_network_follows_a_wide_one() -> None:
    pictures = torch.rand(12, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    network = build_network(tiny(Task.DETECT, seed=9))
    report = narrow_start(network, folded(donor("yolov8s")), pictures)
    assert report.convolutions == 60
    assert report.explained > 0.3
    with torch.no_grad():
        assert torch.isfinite(network.eval()(pictures)[0]).all()


def test_only_a_wider_network_has_to_be_fitted() -> None:
    network = build_network(tiny(Task.DETECT, seed=9))
    assert is_wider(folded(donor("yolov8s")), network)
    assert not is_wider(folded(donor()), network)


def test_shipped_weights_are_all_taken_up() -> None:
    """Equal biases are stored once and in half precision there."""
    network = build_network(tiny(Task.DETECT, seed=9))
    weights = read_folded_weights(data_dir("models") / "detect.onnx")
    report = warm_start(network, weights, torch.rand(2, 3, 64, 64))
    assert report.convolutions == report.convolutions_in_all


@pytest.mark.parametrize("content", [b"", b"no onnx file", None])
def test_unusable_files(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "bad.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=r"bad\.onnx"):
        read_folded_weights(path)
