"""Options that several commands share."""

from typing import Annotated

import typer

BackendName = Annotated[
    str, typer.Option(help="auto, openvino or onnxruntime; tensorrt or cuda on a GPU.", metavar="NAME")
]
Precision = Annotated[
    str | None,
    typer.Option(
        help="f32, bf16 or int8 in openvino (the fastest that holds); f16 (as it is), int8 on a GPU."
    ),
]
