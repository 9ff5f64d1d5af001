"""The GPU benchmark's own arithmetic, on a card made of the host."""

from pathlib import Path

import pytest

pytest.importorskip("onnxruntime")

from meter_infer.bench.clips import make_clips
from meter_infer.bench.gpu import load_batches, measure_gpu
from meter_infer.cli.bench_gpu import rows_of_gpu
from meter_infer.networks import load_strips
from meter_infer.render.video import VideoSpec
from tests.cuda.host_device import HostDevice, host_kernels
from tests.gpu.rig import host_networks
from tests.gpu.test_session import frames


@pytest.mark.timeout(600)
def test_every_stage_is_timed_and_the_stages_make_up_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    host_kernels()
    monkeypatch.setattr("meter_infer.bench.gpu._COPY_BYTES", 1 << 16)
    monkeypatch.setattr("meter_infer.bench.gpu._WARM_UP", 0)
    networks = host_networks(HostDevice())
    with load_strips("onnxruntime") as strips:
        figures = measure_gpu(networks, strips, [frames(3)], rounds=2)
    networks.close()
    assert list(figures.stages_ms) == [
        *(f"detect {stage}" for stage in ("upload", "resample", "network", "decode", "download")),
        *(f"segment {stage}" for stage in ("upload", "resample", "network", "decode", "download", "masks")),
    ]
    assert all(value >= 0 for value in figures.stages_ms.values())
    assert 0.5 * figures.networks_ms < sum(figures.stages_ms.values()) < 1.2 * figures.networks_ms
    assert figures.frames_per_s == pytest.approx(1000 / figures.reading_ms)
    resample_s = figures.stages_ms["detect resample"] / 1000
    moved = 640 * 384 * 3 // 2 + 3 * 640 * 384 * 4
    assert figures.resample_share == pytest.approx(moved / resample_s / (figures.copy_gb_s * 1e9))
    assert (figures.device, figures.engine, figures.batch) == ("host sm_86", "cuda-f32", 1)
    shown = dict(rows_of_gpu(figures))
    assert shown["detect network"].endswith(" ms")
    assert shown["card"] == "host sm_86"
    assert figures.as_json()["frames_per_s"] == figures.frames_per_s


def test_batches_take_one_frame_of_each_clip(tmp_path: Path) -> None:
    specs = [VideoSpec(seconds=1, fps=4, size=(320, 180), seed=number) for number in range(2)]
    batches = load_batches(make_clips(tmp_path, specs, lambda _: None), sets=2)
    assert [[frame.camera for frame in batch] for batch in batches] == [["camera-0", "camera-1"]] * 2
    assert [batch[0].index for batch in batches] == [0, 2]
