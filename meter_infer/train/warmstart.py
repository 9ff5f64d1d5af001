"""Begin a training with another network's weights, read from an ONNX file.

Exporters fold batch norm into the convolution before it. To train on, the fold is undone: the
convolution keeps its folded weight, and the batch norm gets the statistics its input shows on
sample pictures, with a gain and an offset that cancel them. In evaluation the pair then computes
exactly what the folded convolution computed, and in training, where a batch's own statistics
are used, nearly so; an identity batch norm would rescale every layer on the first step.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import nn

from meter_infer.errors import ModelError
from meter_infer.train.strip_network import StripNetwork, grown

FoldedWeights = dict[str, NDArray[np.float32]]
"""Initialisers by ultralytics' names: ``model.0.conv.weight``, ``model.0.conv.bias``, ..."""


@dataclass(frozen=True, slots=True)
class WarmStart:
    """How much of a network came from the file."""

    convolutions: int
    """Convolutions that were copied."""
    convolutions_in_all: int
    parameters: int
    """Scalars in the copied convolutions."""
    parameters_in_all: int

    def __str__(self) -> str:
        return (
            f"{self.convolutions} of {self.convolutions_in_all} convolutions, "
            f"{self.parameters / 1e6:.2f} of {self.parameters_in_all / 1e6:.2f} M parameters"
        )


def read_folded_weights(path: Path) -> FoldedWeights:
    """Read the convolutions' initialisers of an ONNX file exported by ultralytics.

    Raises ModelError when the file cannot be read or has no such initialisers.
    """
    try:
        graph = onnx.load(str(path)).graph
    except (OSError, DecodeError) as error:
        raise ModelError(f"cannot read {path} for the warm start: {error}") from error
    weights = {
        tensor.name: numpy_helper.to_array(tensor).astype(np.float32)
        for tensor in graph.initializer
        if tensor.name.startswith("model.") and tensor.name.endswith((".weight", ".bias"))
    }
    for node in graph.node:
        # the exporter stores biases that are equal once
        if node.op_type == "Identity" and (source := node.input[0].removesuffix("_f32")) in weights:
            weights[node.output[0]] = weights[source]
    if not any(name.endswith(".conv.weight") for name in weights):
        raise ModelError(
            f"{path} has no initialisers named as ultralytics names them; export it with ultralytics"
        )
    return weights


def is_wider(weights: FoldedWeights, network: nn.Module) -> bool:
    """Say whether weights belong to a network with more channels, to which a narrower one must be fitted."""
    name, first = next((n, m) for n, m in network.named_modules() if isinstance(m, nn.Conv2d))
    weight = weights.get(f"{name}.weight")
    return weight is not None and weight.shape[0] > first.out_channels


def warm_start_strips(network: StripNetwork, path: Path, strips: torch.Tensor) -> None:
    """Copy the weights of an ONNX file that `export_strips` wrote, unfolding the batch norms.

    ``strips``: float32 (n, 3 + hints, ROWS, places), a few dozen of the training data. The network is changed
    in place. Raises ModelError when the file cannot be read or holds another network.
    """
    try:
        graph = onnx.load(str(path)).graph
    except (OSError, DecodeError) as error:
        raise ModelError(f"cannot read {path} to begin with: {error}") from error
    stored = {tensor.name: tensor for tensor in graph.initializer}
    # weights are widened, and those that are equal are stored once
    source = {node.output[0]: node.input[0] for node in graph.node if node.op_type in ("Cast", "Identity")}

    def array(name: str) -> torch.Tensor:
        while name not in stored:
            name = source[name]
        tensor = stored[name]
        return torch.from_numpy(numpy_helper.to_array(tensor).astype(np.float32))

    state = network.state_dict()
    try:
        # Folded ones have names of the exporter's own, and stand in the order in which they are computed.
        folded = [
            [array(name) for name in node.input[1:]]
            for node in graph.node
            if node.op_type == "Conv" and array(node.input[1]).ndim == 4
        ]
        plain = not any(name.startswith("further") for name in (*stored, *source))
        for name in state:
            # what a plain network lacks adds nothing as yet
            if not name.startswith(("folds.", "further") if plain else "folds."):
                state[name] = array(name)
        for place, (weight, offset) in enumerate(folded):
            state[f"folds.{place}.conv.weight"] = weight
            state[f"folds.{place}.norm.bias"] = offset
        for name in state:
            if name.endswith(".norm.weight"):
                state[name] = torch.full_like(state[name], math.sqrt(1 + nn.BatchNorm2d(1).eps))
        network.load_state_dict(grown(state, network))
    except (KeyError, ValueError, RuntimeError) as error:
        raise ModelError(
            f"{path} holds no strip network of this kind; name one that `export` wrote."
        ) from error
    unfold(network, [fold.norm for fold in network.folds], strips)


def warm_start(network: nn.Module, weights: FoldedWeights, pictures: torch.Tensor) -> WarmStart:
    """Copy every convolution that fits by name and shape, then unfold the batch norms.

    ``pictures``: float32 (n, 3, height, width), RGB in 0..1; a few dozen that look like the training
    data. The network is changed in place.
    """
    copied, scalars, norms = 0, 0, []
    convolutions = [
        (n, m) for n, m in network.named_modules() if isinstance(m, nn.Conv2d) and ".dfl." not in n
    ]
    with torch.no_grad():
        for name, convolution in convolutions:
            weight = weights.get(f"{name}.weight")
            bias = weights.get(f"{name}.bias")
            if weight is None or bias is None or weight.shape != tuple(convolution.weight.shape):
                continue
            convolution.weight.copy_(torch.from_numpy(weight.copy()))
            copied += 1
            scalars += weight.size + bias.size
            if convolution.bias is not None:
                convolution.bias.copy_(torch.from_numpy(bias.copy()))
                continue
            norm = network.get_submodule(name.removesuffix(".conv") + ".bn")
            norm.running_mean.zero_()
            norm.running_var.fill_(1.0)
            norm.weight.fill_(float(np.sqrt(1.0 + norm.eps)))
            norm.bias.copy_(torch.from_numpy(bias.copy()))
            norms.append(norm)
    unfold(network, norms, pictures)
    return WarmStart(copied, len(convolutions), scalars, sum(p.numel() for p in network.parameters()))


def unfold(network: nn.Module, norms: Sequence[nn.Module], pictures: torch.Tensor) -> None:
    """Give batch norms the statistics of their input while keeping what they compute in evaluation.

    The norms must stand at mean 0 and variance 1 with gain sqrt(1 + eps): the identity plus an offset.
    """
    sums: dict[nn.Module, list[torch.Tensor]] = {norm: [] for norm in norms}

    def collect(norm: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        x = inputs[0].float()
        sums[norm].append(torch.stack([x.mean((0, 2, 3)), x.square().mean((0, 2, 3))]))

    hooks = [norm.register_forward_pre_hook(collect) for norm in norms]
    was_training = network.training
    network.eval()
    try:
        with torch.no_grad():
            for start in range(0, len(pictures), 8):
                network(pictures[start : start + 8])
    finally:
        for hook in hooks:
            hook.remove()
        network.train(was_training)
    with torch.no_grad():
        for norm, parts in sums.items():
            mean, square = torch.stack(parts).mean(0)
            variance = (square - mean.square()).clamp_min(1e-6)
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)
            norm.weight.copy_((variance + norm.eps).sqrt())
            norm.bias.add_(mean)
