"""int8 networks in OpenVINO: the quantisers of an ONNX file as OpenVINO's own.

ONNX writes a quantised tensor as QuantizeLinear and DequantizeLinear. OpenVINO reads the pair as
FakeQuantize, Convert, Convert, Subtract, Multiply, and its CPU plugin (2026.4) then loses the scale where
such a tensor passes a concatenation: activations arrive rounded to whole numbers. One FakeQuantize that
gives the scaled values by itself means the same and is computed as it should be.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from openvino import opset13 as ops

_LONGEST = 4  # Convert, Convert, Subtract, Multiply


def fold_quantisers(model: Any) -> int:
    """Fold each FakeQuantize of a model with the conversions behind it; returns how many there were."""
    found = [node for node in model.get_ordered_ops() if node.get_type_name() == "FakeQuantize"]
    for node in found:
        _fold(node)
    if found:
        model.validate_nodes_and_infer_types()
    return len(found)


def _fold(quantiser: Any) -> None:
    zero: NDArray[np.float32] = np.zeros((), np.float32)
    node = quantiser
    for _ in range(_LONGEST):
        targets = list(node.output(0).get_target_inputs())
        if len(targets) != 1:
            return
        node = targets[0].get_node()
        kind = node.get_type_name()
        if kind not in ("Convert", "Subtract", "Multiply"):
            return
        factor = None if kind == "Convert" else _constant(node.input_value(1).get_node())
        if kind != "Convert" and factor is None:
            return
        if kind == "Subtract" and factor is not None:
            zero = factor
        if kind == "Multiply" and factor is not None:
            break
    else:
        return
    limits = [_constant(quantiser.input_value(place).get_node()) for place in range(1, 5)]
    if any(limit is None for limit in limits):
        return
    low, high = ((limit - zero) * factor for limit in limits[2:] if limit is not None)
    folded = ops.fake_quantize(
        quantiser.input_value(0),
        *(ops.constant(np.asarray(limit, np.float32)) for limit in (*limits[:2], low, high)),
        levels=quantiser.get_attributes()["levels"],
    )
    for target in list(node.output(0).get_target_inputs()):
        target.replace_source_output(folded.output(0))


def _constant(node: Any) -> NDArray[np.float32] | None:
    """Value of a constant, behind a conversion or not; None where it is none."""
    if node.get_type_name() == "Convert":
        return _constant(node.input_value(0).get_node())
    return np.array(node.data, np.float32) if node.get_type_name() == "Constant" else None
