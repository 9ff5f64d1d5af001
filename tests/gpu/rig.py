"""The whole GPU path without a GPU: kernels compiled for the host, ONNX Runtime on the host's pointers."""

from meter_infer.backends.base import BackendOptions
from meter_infer.backends.cuda import OnnxRuntimeEngine, network_for
from meter_infer.cuda.worker import share_gpu
from meter_infer.gpu.networks import GpuNetworks
from meter_infer.models import load_model
from meter_infer.networks import load_gpu_networks
from meter_infer.vision import detect, segment
from tests.cuda.host_device import HostDevice

CPU = "CPUExecutionProvider"


def host_networks(device: HostDevice, precision: str = "f32") -> GpuNetworks:
    """Both shipped networks on `device`."""
    options = BackendOptions(precision=precision)
    return GpuNetworks(
        share_gpu(lambda: device, f"host {precision}"),
        lambda model, _, stream: OnnxRuntimeEngine(network_for(model.data, options), stream, CPU),
        load_model("detect"),
        load_model("segment"),
        detect.DEFAULTS,
        segment.DEFAULTS,
        deadline_s=100,
    )


def card_networks(backend: str, precision: str) -> GpuNetworks:
    """Both shipped networks on the first card."""
    return load_gpu_networks(backend, BackendOptions(precision=precision))
