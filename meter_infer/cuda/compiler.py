"""Compile the kernels for one card, with NVRTC (which needs no card), and keep the result."""

import ctypes
import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from meter_infer.errors import BackendError, BackendUnavailable
from meter_infer.resources import write_whole

FOLDER = Path(__file__).parent
SOURCES = ("resample", "decode", "masks")
"""Names of the .cu files."""
KERNELS = {
    "resample_f32": "resample", "resample_f16": "resample", "decode_boxes": "decode", "reduce_masks": "masks",
}  # fmt: skip
"""Each kernel, and the source it is in."""
_HEADER = "portable.cuh"
_OPTIONS = ("--std=c++17", "-lineinfo", "-default-device")
_MAJORS = (13, 12)


def source_of(name: str) -> str:
    """Return the text of one of `SOURCES`."""
    return (FOLDER / f"{name}.cu").read_text(encoding="utf-8")


def cache_dir() -> Path:
    """Return the folder where compiled kernels and engines are kept (`METER_INFER_CACHE`, or XDG's)."""
    own = os.environ.get("METER_INFER_CACHE")
    if own:
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "meter_infer"


def cubin_of(name: str, architecture: int, folder: Path | None = None) -> bytes:
    """Return the kernels of source `name` for ``sm_<architecture>`` (86, say), compiled or from the cache.

    Raises BackendUnavailable where NVRTC is not installed, BackendError where it cannot compile.
    """
    compiler = Nvrtc.load()
    text = source_of(name)
    header = (FOLDER / _HEADER).read_text(encoding="utf-8")
    parts = (text, header, str(architecture), compiler.version, *_OPTIONS)
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
    path = (folder or cache_dir()) / "kernels" / f"{name}-sm_{architecture}-{key}.cubin"
    try:
        return path.read_bytes()
    except OSError:
        pass
    code = compiler.compile(f"{name}.cu", text, {_HEADER: header}, architecture)
    with suppress(OSError):  # a full disk only costs the cache
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, code)
    return code


class Nvrtc:
    """NVIDIA's runtime compiler."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        major, minor = ctypes.c_int(), ctypes.c_int()
        library.nvrtcVersion(ctypes.byref(major), ctypes.byref(minor))
        self.version = f"{major.value}.{minor.value}"

    @staticmethod
    @cache
    def load() -> "Nvrtc":
        """Find NVRTC among the installed wheels, or as the system has it. Raises BackendUnavailable."""
        for path in _libraries():
            try:
                for extra in path.parent.glob("libnvrtc-builtins.so.*"):
                    ctypes.CDLL(str(extra), ctypes.RTLD_GLOBAL)
                return Nvrtc(ctypes.CDLL(str(path)))
            except OSError:
                continue
        raise BackendUnavailable(
            "CUDA kernels need NVRTC; install it with: pip install '.[gpu]' in the checkout"
        )

    def architectures(self) -> tuple[int, ...]:
        """Return what it can compile for: 75 for sm_75 and so on."""
        count = ctypes.c_int()
        self._library.nvrtcGetNumSupportedArchs(ctypes.byref(count))
        values = (ctypes.c_int * count.value)()
        self._library.nvrtcGetSupportedArchs(values)
        return tuple(values)

    def compile(self, name: str, text: str, headers: dict[str, str], architecture: int) -> bytes:
        """Return the machine code of `text`. Raises BackendError with the compiler's first complaint."""
        program = ctypes.c_void_p()
        contents = (ctypes.c_char_p * len(headers))(*(each.encode() for each in headers.values()))
        names = (ctypes.c_char_p * len(headers))(*(each.encode() for each in headers))
        self._check(
            self._library.nvrtcCreateProgram(
                ctypes.byref(program), text.encode(), name.encode(), len(headers), contents, names
            )
        )
        try:
            options = [f"--gpu-architecture=sm_{architecture}", *_OPTIONS]
            given = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
            if self._library.nvrtcCompileProgram(program, len(options), given):
                log = self._read(program, "ProgramLog").decode(errors="replace")
                first = next((line for line in log.splitlines() if "error" in line), log.strip())
                raise BackendError(f"The kernels do not compile for sm_{architecture}: {first}.")
            return self._read(program, "CUBIN")
        finally:
            self._library.nvrtcDestroyProgram(ctypes.byref(program))

    def _read(self, program: ctypes.c_void_p, what: str) -> bytes:
        size = ctypes.c_size_t()
        self._check(getattr(self._library, f"nvrtcGet{what}Size")(program, ctypes.byref(size)))
        content = ctypes.create_string_buffer(size.value)
        self._check(getattr(self._library, f"nvrtcGet{what}")(program, content))
        return content.raw

    def _check(self, status: int) -> None:
        if status:
            self._library.nvrtcGetErrorString.restype = ctypes.c_char_p
            raise BackendError(f"NVRTC failed: {self._library.nvrtcGetErrorString(status).decode()}.")


def _libraries() -> Iterator[Path]:
    spec = find_spec("nvidia")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for major in _MAJORS:
            yield from Path(folder).glob(f"*/lib/libnvrtc.so.{major}")
    for major in _MAJORS:
        yield Path(f"libnvrtc.so.{major}")
