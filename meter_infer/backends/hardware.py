"""What the processor can do."""

from functools import cache
from pathlib import Path

_DOT_PRODUCTS = frozenset({"avx512_vnni", "avx_vnni", "amx_int8", "asimddp"})
"""Flags of Linux for processors that multiply and add 8-bit integers in one instruction."""


@cache
def has_int8(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Say whether 8-bit networks pay here. Where nothing is known (not Linux), they are not tried."""
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    lines = (line.partition(":") for line in text.splitlines())
    flags = next((rest for key, _, rest in lines if key.strip().lower() in ("flags", "features")), "")
    return not _DOT_PRODUCTS.isdisjoint(flags.split())
