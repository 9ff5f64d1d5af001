"""Rewrite an ONNX network so that an engine computes it in float16 or int8 where that is safe.

Engines that take a network's types literally (strongly typed) need them in the graph; so both kinds of
TensorRT get the same network, and what it gives can be tried on a CPU.

What is safe: everything from which a convolution is still reached, and the convolutions. What follows the
last ones turns bins into boxes of up to 640 pixels, where float16 has steps of half a pixel: that stays
float32.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meter_infer.errors import BackendError, BackendUnavailable

_CONVOLUTIONS = frozenset({"Conv", "ConvTranspose"})
_HALF = _CONVOLUTIONS | {
    "Add", "Concat", "MaxPool", "Mul", "Relu", "Reshape", "Resize", "Sigmoid", "Slice", "Split", "Sub",
    "Transpose",
}  # fmt: skip
_LARGEST = float(np.finfo(np.float16).max)
_EVERY = 4  # of an activation's values so many are one looked at: there are millions
_PERCENTILE = 99.99
"""Of an activation's sizes; the few beyond it are clipped, which costs less than coarser steps for all."""


def output_names(model: bytes) -> tuple[str, ...]:
    """Return the names of a network's outputs in its own order. Raises BackendError."""
    return tuple(port.name for port in _Graph(_onnx(), model).proto.output)


def half_network(model: bytes) -> bytes:
    """Return the network in float16 with float16 input and float32 outputs. Raises BackendError."""
    onnx = _onnx()
    graph = _Graph(onnx, model)
    half = graph.half_nodes()
    given = {port.name for port in graph.proto.input}
    casts: dict[tuple[str, int], str] = {}

    def converted(name: str, kind: int) -> str:
        """The tensor as another type: a cast, made once."""
        if (name, kind) not in casts:
            casts[name, kind] = f"{name}_as_{kind}"
            cast = onnx.helper.make_node("Cast", [name], [casts[name, kind]], to=kind, name=casts[name, kind])
            nodes.append(cast)
        return casts[name, kind]

    sixteen, thirty_two = onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT
    nodes: list[Any] = []
    made = {name for node in graph.nodes if node.name in half for name in node.output}
    for node in graph.nodes:
        for place, name in enumerate(node.input):
            if not graph.is_float(name):
                continue
            if node.name not in half:
                if name in made or name in given:
                    node.input[place] = converted(name, thirty_two)
            elif place == 0 or node.op_type != "Resize":
                if name in graph.constants:
                    node.input[place] = graph.constant(name, np.float16)
                elif name not in made and name not in given:
                    node.input[place] = converted(name, sixteen)
        nodes.append(node)
    for port in graph.proto.output:
        if port.name in made:
            # the port keeps its name; what computes it gets another one
            inner = f"{port.name}_half"
            for node in nodes:
                node.input[:] = [inner if name == port.name else name for name in node.input]
                node.output[:] = [inner if name == port.name else name for name in node.output]
            nodes.append(onnx.helper.make_node("Cast", [inner], [port.name], to=thirty_two, name=inner))
    for port in graph.proto.input:
        port.type.tensor_type.elem_type = sixteen
    return graph.finish(nodes)


def int8_network(model: bytes, ranges: Mapping[str, float]) -> bytes:
    """Return the network with its convolutions in int8 by explicit scales, and the rest in float32.

    `ranges` gives the largest size of each convolution's input, as `activation_ranges` measures it; a
    convolution without one stays as it is. Weights get a scale for each output channel.
    """
    onnx = _onnx()
    graph = _Graph(onnx, model)
    wanted = {node.name for node in graph.quantised()}
    quantised: dict[str, str] = {}
    nodes: list[Any] = []

    def add(values: NDArray[Any], name: str) -> str:
        graph.add(values, name)
        return name

    for node in graph.nodes:
        source = node.input[0] if node.input else ""
        if node.name in wanted and ranges.get(source, 0.0) > 0:
            if source not in quantised:
                scale = add(np.array(ranges[source] / 127, np.float32), f"{source}_scale")
                zero = add(np.array(0, np.int8), f"{source}_zero")
                small, quantised[source] = f"{source}_int8", f"{source}_restored"
                nodes.append(
                    onnx.helper.make_node("QuantizeLinear", [source, scale, zero], [small], name=small)
                )
                nodes.append(
                    onnx.helper.make_node(
                        "DequantizeLinear", [small, scale, zero], [quantised[source]], name=quantised[source]
                    )
                )
            node.input[0] = quantised[source]
            name = node.input[1]
            weights = graph.constants[name].astype(np.float32)
            size = np.maximum(np.abs(weights).max(axis=(1, 2, 3)), 1e-12) / 127
            steps = np.clip(np.round(weights / size[:, None, None, None]), -127, 127).astype(np.int8)
            parts = [
                add(steps, f"{name}_int8"),
                add(size.astype(np.float32), f"{name}_scale"),
                add(np.zeros(len(size), np.int8), f"{name}_zero"),
            ]
            node.input[1] = f"{name}_restored"
            nodes.append(
                onnx.helper.make_node("DequantizeLinear", parts, [node.input[1]], name=node.input[1], axis=0)
            )
        nodes.append(node)
    return graph.finish(nodes)


def activation_ranges(model: bytes, images: Iterable[NDArray[np.float32]]) -> dict[str, float]:
    """Run the network over calibration `images` (n, 3, height, width) and measure its convolutions' inputs.

    Raises BackendUnavailable without ONNX Runtime, BackendError where there are no images.
    """
    onnx = _onnx()
    try:
        import onnxruntime as ort
    except ImportError as error:
        raise BackendUnavailable(
            "int8 calibration needs ONNX Runtime; install it with: pip install '.[onnx]' in the checkout"
        ) from error
    graph = _Graph(onnx, model)
    sources = sorted({node.input[0] for node in graph.quantised()})
    for name in sources:
        graph.proto.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    settings = ort.SessionOptions()
    settings.log_severity_level = 4
    session = ort.InferenceSession(graph.finish(graph.nodes), settings, providers=["CPUExecutionProvider"])
    ranges: dict[str, float] = {}
    empty = True
    for batch in images:
        empty = False
        if not sources:
            break
        for name, values in zip(
            sources, session.run(sources, {session.get_inputs()[0].name: batch}), strict=True
        ):
            size = float(np.percentile(np.abs(values.reshape(-1)[::_EVERY]), _PERCENTILE))
            ranges[name] = max(size, ranges.get(name, 0.0))
    if empty:
        raise BackendError("There are no calibration images; give a folder with some dozens of them.")
    return ranges


class _Graph:
    """A network whose float16 weights are float32 constants again, with the type of every tensor."""

    def __init__(self, onnx: Any, model: bytes) -> None:
        self._onnx = onnx
        try:
            if not model:
                raise ValueError("an empty file parses as an empty network")
            self._model = onnx.shape_inference.infer_shapes(onnx.load_from_string(model))
        except Exception as error:
            raise BackendError(
                "TensorRT cannot read the model: it is no ONNX network; restore the file or export it again."
            ) from error
        self.proto = self._model.graph
        initializers = {each.name: each for each in self.proto.initializer}
        read = onnx.numpy_helper.to_array
        stored = {
            node.output[0]: node.input[0]
            for node in self.proto.node
            if node.op_type == "Cast" and node.input[0] in initializers
        }
        floats = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)
        self.constants = {name: read(each) for name, each in initializers.items() if each.data_type in floats}
        for cast, name in stored.items():
            self.constants[cast] = self.constants[name].astype(np.float32)
        self.nodes = [node for node in self.proto.node if node.output[0] not in stored]
        for place, node in enumerate(self.nodes):
            node.name = node.name or f"node_{place}"
        self._added = {name for name in initializers if name not in stored.values()}
        for cast in stored:
            self.add(self.constants[cast], cast)
        ports = (*self.proto.value_info, *self.proto.input, *self.proto.output)
        self._floats = {p.name for p in ports if p.type.tensor_type.elem_type == onnx.TensorProto.FLOAT}

    def is_float(self, name: str) -> bool:
        """Say whether a tensor is float32."""
        return name in self._floats or name in self.constants

    def add(self, values: NDArray[Any], name: str) -> None:
        """Add a constant; one of that name that is there already stays."""
        if name not in self._added:
            self._added.add(name)
            self.proto.initializer.append(self._onnx.numpy_helper.from_array(np.asarray(values), name))

    def constant(self, name: str, kind: type[np.float16]) -> str:
        """Return a constant's name in another type."""
        other = f"{name}_{np.dtype(kind).name}"
        self.add(self.constants[name].astype(kind), other)
        return other

    def half_nodes(self) -> set[str]:
        """Names of the nodes that may compute in float16."""
        producers = {name: node for node in self.nodes for name in node.output}
        waiting = [node for node in self.nodes if node.op_type in _CONVOLUTIONS]
        seen: set[str] = set()
        while waiting:
            node = waiting.pop()
            if node.name in seen:
                continue
            seen.add(node.name)
            waiting += [producers[name] for name in node.input if name in producers]
        return {
            node.name
            for node in self.nodes
            if node.name in seen and node.op_type in _HALF and self.is_float(node.output[0])
            if all(
                np.abs(self.constants[name]).max(initial=0) <= _LARGEST
                for name in node.input
                if name in self.constants
            )
        }

    def quantised(self) -> list[Any]:
        """Convolutions that int8 suits: not the first, which sees 8-bit pixels already, and not the last."""
        ends = {name for node in self.nodes if node.op_type in _CONVOLUTIONS for name in node.output}
        before: set[str] = set()
        producers = {name: node for node in self.nodes for name in node.output}
        waiting = [name for node in self.nodes if node.op_type in _CONVOLUTIONS for name in node.input]
        while waiting:
            name = waiting.pop()
            if name in before or name not in producers:
                continue
            before.add(name)
            waiting += producers[name].input
        given = {port.name for port in self.proto.input}
        return [
            node
            for node in self.nodes
            if node.op_type == "Conv" and node.output[0] in ends & before
            if node.input[0] not in given and node.input[1] in self.constants
        ]

    def finish(self, nodes: list[Any]) -> bytes:
        """Return the network of `nodes`, without constants that nobody uses."""
        used = {name for node in nodes for name in node.input}
        kept = [each for each in self.proto.initializer if each.name in used]
        del self.proto.node[:], self.proto.initializer[:], self.proto.value_info[:]
        self.proto.node.extend(nodes)
        self.proto.initializer.extend(kept)
        content: bytes = self._model.SerializeToString()
        return content


def _onnx() -> Any:
    try:
        import onnx
        import onnx.numpy_helper
        import onnx.shape_inference
    except ImportError as error:
        raise BackendUnavailable(
            "Building an engine needs the package onnx; install it with: pip install '.[gpu]' in the checkout"
        ) from error
    return onnx
