"""A card through pycuda's driver API."""

from typing import Any

from meter_infer.errors import BackendError, BackendUnavailable


def driver() -> Any:
    """Import pycuda and start the driver.

    Raises BackendUnavailable without pycuda, BackendError without a card.
    """
    try:
        import pycuda.driver as cuda
    except ImportError as error:
        raise BackendUnavailable(
            "The GPU path needs NVIDIA's driver and pycuda; install it with: pip install 'meter-infer[gpu]' "
            f"({error})."
        ) from error
    try:
        cuda.init()
        count = cuda.Device.count()
    except cuda.Error as error:
        raise BackendError(f"No NVIDIA GPU answers ({error}); check nvidia-smi.") from error
    if not count:
        raise BackendError("There is no NVIDIA GPU here; check nvidia-smi.")
    return cuda


def gpu_name() -> str:
    """Return the first card's name and compute capability, such as ``NVIDIA A2 sm_86``."""
    card = driver().Device(0)
    major, minor = card.compute_capability()
    return f"{card.name()} sm_{major}{minor}"
