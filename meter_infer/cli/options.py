"""Options that several commands share."""

from typing import Annotated

import typer

BackendName = Annotated[
    str, typer.Option(help="auto, openvino or onnxruntime; tensorrt or cuda on a GPU.", metavar="NAME")
]
Precision = Annotated[
    str | None,
    typer.Option(
        help="auto: the fastest that reads as well. Else f32, bf16 or int8 in openvino; f16 (as it is) or "
        "int8 on a GPU."
    ),
]
