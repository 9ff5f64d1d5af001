"""Every kernel compiles for every card that is promised."""

import shutil
import subprocess
from pathlib import Path

import pytest

from meter_infer.cuda import compiler
from meter_infer.cuda.compiler import FOLDER, KERNELS, SOURCES, Nvrtc, cubin_of
from meter_infer.cuda.layout import MAX_LOOKED, RAYS, SIZES
from meter_infer.errors import BackendError, BackendUnavailable

ARCHITECTURES = (61, 75, 86, 89, 90)
"""sm_61 is the Tesla P4 that the first version ran on; compilers since CUDA 13 no longer offer it."""


@pytest.fixture(scope="module")
def nvrtc() -> Nvrtc:
    try:
        return Nvrtc.load()
    except BackendUnavailable as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_nvrtc_compiles_every_kernel(nvrtc: Nvrtc, architecture: int, tmp_path: Path) -> None:
    if architecture not in nvrtc.architectures():
        pytest.skip(f"NVRTC {nvrtc.version} does not offer sm_{architecture}")
    for source in SOURCES:
        code = cubin_of(source, architecture, tmp_path)
        assert code[:4] == b"\x7fELF"
        for kernel, place in KERNELS.items():
            assert (f".text.{kernel}\0".encode() in code) == (place == source)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_nvcc_compiles_every_kernel(architecture: int, tmp_path: Path) -> None:
    nvcc = shutil.which("nvcc")
    if nvcc is None:
        pytest.skip("no nvcc is installed")
    offered = subprocess.run([nvcc, "--list-gpu-arch"], capture_output=True, text=True, check=True).stdout
    if f"compute_{architecture}" not in offered.split():
        pytest.skip(f"this nvcc does not offer sm_{architecture}")
    for source in SOURCES:
        command = [nvcc, "-std=c++17", f"-arch=sm_{architecture}", "-cubin", "-Werror", "all-warnings"]
        target = tmp_path / f"{source}.cubin"
        subprocess.run([*command, "-o", target, FOLDER / f"{source}.cu"], check=True)
        assert target.read_bytes()[:4] == b"\x7fELF"


def test_compiled_kernels_are_kept_and_a_changed_source_is_compiled_anew(
    nvrtc: Nvrtc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = cubin_of("masks", 86, tmp_path)
    monkeypatch.setattr(Nvrtc, "compile", lambda *args: pytest.fail("compiled again"))
    assert cubin_of("masks", 86, tmp_path) == first
    monkeypatch.setattr(Nvrtc, "compile", lambda *args: b"another")
    assert cubin_of("masks", 89, tmp_path) == b"another"
    text = compiler.source_of("masks") + "\n// changed\n"
    monkeypatch.setattr(compiler, "source_of", lambda name: text)
    assert cubin_of("masks", 86, tmp_path) == b"another"
    assert len(list((tmp_path / "kernels").iterdir())) == 3


def test_a_cache_that_cannot_be_written_costs_only_the_cache(nvrtc: Nvrtc, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    assert cubin_of("masks", 86, blocked)[:4] == b"\x7fELF"


def test_a_mistake_in_a_kernel_is_one_sentence(nvrtc: Nvrtc) -> None:
    with pytest.raises(BackendError, match=r"do not compile for sm_86: .*error.*nonsense") as caught:
        nvrtc.compile("x.cu", 'extern "C" __global__ void x() { nonsense(); }', {}, 86)
    assert "\n" not in str(caught.value)


def test_the_structs_have_the_size_that_python_gives_them() -> None:
    text = "".join(compiler.source_of(source) for source in SOURCES)
    for name, kind in SIZES.items():
        assert f"static_assert(sizeof({name}) == {kind.itemsize}," in text
    assert f"#define RAYS {RAYS}" in text
    assert f"#define MAX_LOOKED {MAX_LOOKED}" in text
