"""The strip network: a picture of an unrolled meter and hints in, a score for every place out.

The picture is folded along its height into one row of features; from there on everything runs along the
strip: at a quarter of its resolution dilated convolutions that see all of it, and self-attention that sets
every place against every other (is there a second mark such as this one? a second surface?); then two steps
back up to full resolution, each with the features of its own scale. 0.5 million weights.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from meter_infer.reading.strip import HINTS, PLACES, ROWS, THINGS
from meter_infer.types import MeterKind

StripTask = Literal["dial", "tube"]
KINDS: dict[StripTask, MeterKind] = {"dial": MeterKind.POINTER, "tube": MeterKind.LEVEL}
ARCHITECTURE = "strip-64-attention"
PLAIN = "strip-64"
"""The same without `further` and `further_half`: a training may begin with such a network."""
_WIDE, _MIDDLE, _NARROW, _TOLD = 64, 48, 32, 24
_REACH = (1, 2, 4, 8, 16, 32, 1, 4, 16)
"""Dilations at a quarter of the resolution."""
_GLOBAL_AFTER = 5
"""Block after which the mean of the whole strip is added."""
_FURTHER = ((1, 2, 4, 8, 16), (1, 4, 16, 2))
"""Dilations of what follows, each row behind a block of self-attention."""
_FURTHER_HALF = (1, 4, 8)
_HEADS = 4


class _Fold(nn.Module):
    """A convolution over the picture; around a dial it wraps."""

    def __init__(self, inputs: int, outputs: int, stride: tuple[int, int], wraps: bool) -> None:
        super().__init__()
        self._wraps = wraps
        padding = (1, 0 if wraps else 1)
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, padding, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        if self._wraps:
            x = functional.pad(x, (1, 1, 0, 0), mode="circular")
        return functional.relu(self.norm(self.conv(x)))


class _Along(nn.Module):
    """A residual block along the strip."""

    def __init__(self, width: int, dilation: int, wraps: bool) -> None:
        super().__init__()
        self._pad = dilation if wraps else 0
        self.wide = nn.Conv1d(width, width, 3, dilation=dilation, padding=0 if wraps else dilation)
        self.mix = nn.Conv1d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(x)
        if self._pad:
            y = functional.pad(y, (self._pad, self._pad), mode="circular")
        result: Tensor = x + self.mix(functional.relu(self.wide(y)))
        return result


class _Attention(nn.Module):
    """A residual block of self-attention along the strip (Vaswani et al., Attention Is All You Need, 2017).

    What is where the features know from the hints (`StripNetwork.where`); no place is encoded here.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self._width, self._shape = width, (heads, width // heads)
        self.asks = nn.Conv1d(width, 3 * width, 1)
        self.mix = nn.Conv1d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        n, _, places = x.shape
        y = functional.layer_norm(x.transpose(1, 2), (self._width,)).transpose(1, 2)
        query, key, value = (part.reshape(n, *self._shape, places) for part in self.asks(y).chunk(3, 1))
        weights = ((query * self._shape[1] ** -0.5).transpose(2, 3) @ key).softmax(3)
        result: Tensor = x + self.mix((value @ weights.transpose(2, 3)).reshape(n, self._width, places))
        return result


def _silent(blocks: Sequence[_Along | _Attention]) -> nn.ModuleList:
    """Return blocks that add nothing until they have learnt what: a network begun with computes the same."""
    for block in blocks:
        for weights in block.mix.parameters():
            nn.init.zeros_(weights)
    return nn.ModuleList(blocks)


class StripNetwork(nn.Module):
    """See the module. Input float32 (n, 3 + hints, ROWS, places): blue, green and red, 0 to 1, and the
    hints in the first row of a channel each. Output (n, THINGS, places): scores, of which softmax makes
    chances.
    """

    def __init__(self, kind: MeterKind) -> None:
        super().__init__()
        wraps = kind is MeterKind.POINTER
        self._wraps = wraps
        self.folds = nn.ModuleList(
            [
                _Fold(3, 16, (2, 2), wraps),
                _Fold(16, 32, (2, 1), wraps),
                _Fold(32, 32, (1, 1), wraps),
                _Fold(32, 48, (2, 2), wraps),
                _Fold(48, 64, (2, 1), wraps),
            ]
        )
        self.at_half = nn.Conv1d(32 * (ROWS // 4), _MIDDLE, 1)
        self.at_quarter = nn.Conv1d(64 * (ROWS // 16), _WIDE, 1)
        self.told = nn.Conv1d(HINTS[kind] + 2, _TOLD, 5)
        self.told_quarter = nn.Conv1d(_TOLD, _WIDE, 4, stride=4)
        self.body = nn.ModuleList([_Along(_WIDE, reach, wraps) for reach in _REACH])
        self.whole = nn.Conv1d(_WIDE, _WIDE, 1)
        further: list[_Along | _Attention] = []
        for row in _FURTHER:
            further += [_Attention(_WIDE, _HEADS), *(_Along(_WIDE, reach, wraps) for reach in row)]
        self.further = _silent(further)
        self.further_half = _silent([_Along(_MIDDLE, reach, wraps) for reach in _FURTHER_HALF])
        self.up_half = nn.Conv1d(_WIDE + _MIDDLE, _MIDDLE, 1)
        self.body_half = nn.ModuleList([_Along(_MIDDLE, reach, wraps) for reach in (1, 2, 4)])
        self.up_full = nn.Conv1d(_MIDDLE + _TOLD, _NARROW, 1)
        self.body_full = nn.ModuleList([_Along(_NARROW, reach, wraps) for reach in (1, 2)])
        self.scores = nn.Conv1d(_NARROW, THINGS[kind], 3)
        turn = ((torch.arange(PLACES[kind]) + 0.5) / PLACES[kind] * 2 - 1) * torch.pi
        # Where along the strip: a dial stands upright more often than not, and liquid lies below.
        where = (turn.cos(), turn.sin()) if wraps else (turn / torch.pi, 1 - 2 * (turn / torch.pi).abs())
        self.register_buffer("where", torch.stack(where)[None])
        self.where: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        picture = x[:, :3] * 4 - 2
        hints = torch.cat([x[:, 3:, 0], self.where.expand(x.shape[0], -1, -1)], 1)
        told = functional.relu(self.told(self._padded(hints, 2)))
        half: Tensor | None = None
        for place, fold in enumerate(self.folds):
            picture = fold(picture)
            if place == 2:
                half = functional.relu(self.at_half(picture.flatten(1, 2)))
        z = self.at_quarter(picture.flatten(1, 2)) + self.told_quarter(told)
        for place, block in enumerate(self.body):
            z = block(z)
            if place == _GLOBAL_AFTER:
                z = z + self.whole(functional.relu(z)).mean(2, keepdim=True)
        for block in self.further:
            z = block(z)
        z = self.up_half(torch.cat([_doubled(z), half], 1))
        for block in (*self.body_half, *self.further_half):
            z = block(z)
        z = self.up_full(torch.cat([_doubled(z), told], 1))
        for block in self.body_full:
            z = block(z)
        result: Tensor = self.scores(self._padded(functional.relu(z), 1))
        return result

    def _padded(self, x: Tensor, by: int) -> Tensor:
        return functional.pad(x, (by, by), mode="circular" if self._wraps else "constant")


def grown(weights: dict[str, Tensor], network: StripNetwork) -> dict[str, Tensor]:
    """Return weights of a network that knows fewer things with zeros for those it does not know."""
    wanted = network.state_dict()
    result = dict(weights)
    for name in ("scores.weight", "scores.bias"):
        if name in weights and len(weights[name]) < len(wanted[name]):
            result[name] = torch.zeros_like(wanted[name], device=weights[name].device)
            result[name][: len(weights[name])] = weights[name]
    return result


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(functional.relu(x), scale_factor=2.0, mode="nearest")
