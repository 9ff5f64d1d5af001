"""Clips of the benchmark are kept as long as the renderer draws the same."""

from pathlib import Path

from meter_infer.bench.clips import clip_path, renderer_key
from meter_infer.render.video import VideoSpec


def test_another_renderer_has_clips_of_its_own(tmp_path: Path) -> None:
    names = []
    for number, text in enumerate(("a = 1\n", "a = 1\n", "a = 2\n")):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "dial.py").write_text(text)
        names.append(renderer_key(folder))
    assert names[0] == names[1]
    assert names[1] != names[2]


def test_a_clip_is_named_by_its_renderer_and_its_specification(tmp_path: Path) -> None:
    path = clip_path(tmp_path, VideoSpec(seed=3))
    assert renderer_key() in path.name
    assert path != clip_path(tmp_path, VideoSpec(seed=4))
