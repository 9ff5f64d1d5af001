"""Begin a narrow network with what a wider one of the same plan knows.

Of every convolution's outputs those are kept that vary most on sample pictures, the same ones
wherever a residual sum joins them. Then each narrow convolution is fitted, in the order of
computation, so that from its narrow input it computes the kept outputs of the wide one: a ridge
regression on samples of both (the reconstruction step of He et al. 2017, "Channel Pruning for
Accelerating Very Deep Neural Networks"). Weights merely copied would miss the other half of their input.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional
from ultralytics.nn.modules import C2f
from ultralytics.nn.tasks import DetectionModel

from meter_infer.train.warmstart import FoldedWeights, unfold, warm_start

_SAMPLES = 16_000
_RIDGE = 1e-3


@dataclass(frozen=True, slots=True)
class NarrowStart:
    """How well the narrow network does what the wide one does."""

    convolutions: int
    convolutions_in_all: int
    explained: float
    """Share of the kept outputs' variance that the fits explain, mean over the convolutions."""

    def __str__(self) -> str:
        return (
            f"{self.convolutions} of {self.convolutions_in_all} convolutions fitted to a wider network's, "
            f"{self.explained:.0%} of their variance explained"
        )


def narrow_start(network: nn.Module, weights: FoldedWeights, pictures: torch.Tensor) -> NarrowStart:
    """Fit a YOLOv8n in place to the YOLOv8s whose folded weights are given.

    ``pictures``: float32 (n, 3, height, width), RGB in 0..1, like the training data.
    """
    wide = DetectionModel("yolov8s.yaml", nc=2, verbose=False)
    warm_start(wide, weights, pictures[:8])
    wide.eval()
    kept = _plan(wide, network, weights, pictures)
    targets = _sample_outputs(wide, kept, pictures)
    explained, norms = _fit(network, targets, pictures)
    unfold(network, norms, pictures)
    in_all = sum(isinstance(module, nn.Conv2d) for module in network.modules())
    return NarrowStart(len(explained), in_all, sum(explained) / max(1, len(explained)))


def _plan(
    wide: nn.Module, narrow: nn.Module, weights: FoldedWeights, pictures: torch.Tensor
) -> dict[str, torch.Tensor]:
    """Choose the outputs to keep: name of a convolution -> indices into the wide one's outputs."""
    spread = _activation_spread(wide, pictures)
    kept: dict[str, torch.Tensor] = {}
    outputs = {
        name: module.weight.shape[0]
        for name, module in narrow.named_modules()
        if isinstance(module, nn.Conv2d) and f"{name}.weight" in weights and ".dfl." not in name
    }
    for name, count in outputs.items():
        block = name.removesuffix(".conv")
        if block in spread:
            kept[name] = _largest(spread[block], count)
        elif ".cv2." in name:
            kept[name] = torch.arange(count)  # the boxes' bins; class scores are learned anew
    for name, module in narrow.named_modules():
        if not isinstance(module, C2f):
            continue
        half, count = wide.get_submodule(name).c, module.c
        first = _largest(spread[f"{name}.cv1"][:half], count)
        total = spread[f"{name}.cv1"][half:]
        residual = bool(module.m[0].add)
        if residual:
            total = total + sum(spread[f"{name}.m.{i}"] for i in range(len(module.m)))
        second = _largest(total, count)
        kept[f"{name}.cv1.conv"] = torch.cat([first, half + second])
        if residual:
            for i in range(len(module.m)):
                kept[f"{name}.m.{i}.cv2.conv"] = second
    return kept


def _largest(importance: torch.Tensor, count: int) -> torch.Tensor:
    return importance.topk(count).indices.sort().values


def _activation_spread(wide: nn.Module, pictures: torch.Tensor) -> dict[str, torch.Tensor]:
    """Standard deviation of every channel of every block's output."""
    sums: dict[str, list[torch.Tensor]] = {}
    hooks = []
    for name, module in wide.named_modules():
        if (hasattr(module, "conv") and hasattr(module, "bn")) or hasattr(module, "add"):
            part = sums.setdefault(name, [])
            hooks.append(module.register_forward_hook(_collector(part)))
    _run(wide, pictures)
    for hook in hooks:
        hook.remove()
    return {name: torch.stack(parts).mean(0) for name, parts in sums.items()}


def _collector(into: list[torch.Tensor]):  # type: ignore[no-untyped-def]  # torch's hook type is not declared
    def collect(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        into.append(output.float().std((0, 2, 3)))

    return collect


def _run(network: nn.Module, pictures: torch.Tensor) -> None:
    with torch.no_grad():
        for start in range(0, len(pictures), 8):
            network(pictures[start : start + 8])


Positions = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""Picture, row and column of sampled outputs."""


def _sample_outputs(
    wide: nn.Module, kept: dict[str, torch.Tensor], pictures: torch.Tensor
) -> dict[str, tuple[Positions, torch.Tensor]]:
    """Run the wide network; return places and kept outputs (samples, channels) of its convolutions.

    Outputs are those behind the folded norm and before the activation.
    """
    generator = torch.Generator().manual_seed(0)
    parts: dict[str, list[tuple[Positions, torch.Tensor]]] = {name: [] for name in kept}
    done = 0

    def collect(name: str, output: torch.Tensor) -> None:
        batch, _, rows, columns = output.shape
        count = min(batch * rows * columns, max(1, _SAMPLES * batch // len(pictures)))
        flat = torch.randperm(batch * rows * columns, generator=generator)[:count]
        picture, row, column = flat // (rows * columns), flat // columns % rows, flat % columns
        values = output[picture, :, row, column][:, kept[name]]
        parts[name].append(((picture + done, row, column), values))

    hooks = []
    for name in kept:
        # the batch norm behind a convolution, or the bare convolution of the head
        source = name.removesuffix(".conv") + ".bn" if name.endswith(".conv") else name
        hooks.append(
            wide.get_submodule(source).register_forward_hook(lambda m, i, o, name=name: collect(name, o))
        )
    with torch.no_grad():
        for start in range(0, len(pictures), 8):
            done = start
            wide(pictures[start : start + 8])
    for hook in hooks:
        hook.remove()
    joined = {}
    for name, several in parts.items():
        picture, row, column = (torch.cat([at[k] for at, _ in several]) for k in range(3))
        joined[name] = ((picture, row, column), torch.cat([values for _, values in several]))
    return joined


def _fit(
    network: nn.Module, targets: dict[str, tuple[Positions, torch.Tensor]], pictures: torch.Tensor
) -> tuple[list[float], list[nn.Module]]:
    """Run the narrow network once; fit each convolution when its input is known."""
    explained: list[float] = []
    norms: list[nn.Module] = []

    def before(name: str, convolution: nn.Conv2d, x: torch.Tensor) -> None:
        at, wanted = targets[name]
        sample = _patches(x, at, convolution)
        weight, bias, share = _regress(sample, wanted)
        convolution.weight.copy_(weight.reshape(convolution.weight.shape))
        explained.append(share)
        if convolution.bias is not None:
            convolution.bias.copy_(bias)
            return
        norm = network.get_submodule(name.removesuffix(".conv") + ".bn")
        norm.running_mean.zero_()
        norm.running_var.fill_(1.0)
        norm.weight.fill_((1.0 + norm.eps) ** 0.5)
        norm.bias.copy_(bias)
        norms.append(norm)

    hooks = [
        network.get_submodule(name).register_forward_pre_hook(lambda m, x, name=name: before(name, m, x[0]))
        for name in targets
    ]
    was_training = network.training
    network.eval()
    with torch.no_grad():
        network(pictures)
    for hook in hooks:
        hook.remove()
    network.train(was_training)
    return explained, norms


def _patches(x: torch.Tensor, at: Positions, convolution: nn.Conv2d) -> torch.Tensor:
    """Inputs of a convolution at sampled outputs, (samples, channels * k * k)."""
    (k, _), (stride, _), (padding, _) = convolution.kernel_size, convolution.stride, convolution.padding
    x = functional.pad(x, (padding,) * 4)
    picture, row, column = at
    rows = (row * stride)[:, None, None] + torch.arange(k)[None, :, None]
    columns = (column * stride)[:, None, None] + torch.arange(k)[None, None, :]
    patches = x[picture[:, None, None], :, rows, columns]  # (samples, k, k, channels)
    return patches.permute(0, 3, 1, 2).reshape(len(picture), -1)


def _regress(x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, float]:
    """Ridge regression of y (n, outputs) on x (n, inputs): weight (outputs, inputs), bias, R squared."""
    mean_x, mean_y = x.mean(0), y.mean(0)
    x, y = x - mean_x, y - mean_y
    gram = (x.T @ x).double()
    gram.diagonal().add_(_RIDGE * gram.diagonal().mean() + 1e-9)
    weight = torch.linalg.solve(gram, (x.T @ y).double()).float().T
    rest = y - x @ weight.T
    share = 1.0 - float(rest.square().sum() / y.square().sum().clamp_min(1e-9))
    return weight, mean_y - weight @ mean_x, share
