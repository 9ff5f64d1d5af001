"""Where a kernel runs: on the host everywhere, and on a card where there is one."""

from collections.abc import Iterator

import pytest

from meter_infer.cuda.device import Device
from tests.cuda.host_device import HostDevice, host_kernels


@pytest.fixture(scope="module", params=["host", pytest.param("card", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest) -> Iterator[Device]:
    if request.param == "host":
        host_kernels()
        yield HostDevice()
        return
    from meter_infer.cuda.pycuda_device import PycudaDevice

    card = PycudaDevice()
    yield card
    card.close()
