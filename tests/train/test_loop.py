import pickle
from pathlib import Path

import numpy as np
import pytest

from tests.train.networks import need_ultralytics, tiny, write_squares

need_ultralytics()

import torch  # noqa: E402

from meter_infer.errors import ModelError  # noqa: E402
from meter_infer.train.data import DataFolder  # noqa: E402
from meter_infer.train.loop import Progress, Training  # noqa: E402
from meter_infer.train.networks import build_network, load_checkpoint, load_network  # noqa: E402
from meter_infer.train.recipe import Recipe, Task  # noqa: E402


def start(root: Path, recipe: Recipe, name: str = "run", val: bool = False) -> Training:
    data = root / f"data_{recipe.task.value}"
    if not data.exists():
        write_squares(data, recipe.task)
    held_out = [DataFolder(data, split="val")] if val else []
    return Training(recipe, root / name, [DataFolder(data)], held_out)


@pytest.mark.parametrize("task", list(Task))
def test_trains_measures_and_saves(tmp_path: Path, task: Task) -> None:
    seen: list[Progress] = []
    training = start(tmp_path, tiny(task), val=True)
    training.run(seen.append)
    assert [p.step for p in seen] == [1, 2, 3, 4]
    assert seen[-1].done == 1.0
    assert all(np.isfinite(list(p.losses.values())).all() for p in seen)
    assert "map50" in seen[-1].figures
    recipe, network = load_network(tmp_path / "run" / "last.pt")
    assert recipe == training.recipe == Recipe.load(tmp_path / "run" / "recipe.yaml")
    assert not network.training
    assert (tmp_path / "run" / "log.csv").read_text(encoding="utf-8").count("\n") == 3


def test_an_interrupted_run_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    recipe = tiny(Task.DETECT, steps=3, epoch_steps=3)
    torch.set_num_threads(1)
    start(tmp_path, recipe, "whole").run()

    def stop(progress: Progress) -> None:
        if progress.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        start(tmp_path, recipe, "broken").run(stop)
    again = start(tmp_path, recipe, "broken")
    assert again.step == 2
    again.run()
    whole, broken = (
        load_checkpoint(tmp_path / name / "last.pt")[1]["network"] for name in ("whole", "broken")
    )
    for name, value in whole.items():
        assert torch.allclose(value.float(), broken[name].float(), atol=1e-5), name


@pytest.mark.slow
def test_losses_fall(tmp_path: Path) -> None:
    seen: list[Progress] = []
    recipe = tiny(Task.DETECT, steps=80, epoch_steps=80, batch=4, warmup_steps=3, degrade=0.0, mosaic=0.0)
    start(tmp_path, recipe).run(seen.append)
    # the first steps have few assigned anchors and say nothing
    assert sum(seen[-1].losses.values()) < 0.9 * max(sum(p.losses.values()) for p in seen[10:])


def test_another_run_in_the_folder_is_not_overwritten(tmp_path: Path) -> None:
    start(tmp_path, tiny(Task.DETECT, steps=1)).run()
    with pytest.raises(ModelError, match="another folder"):
        start(tmp_path, tiny(Task.SEGMENT))


def test_checkpoints_with_code_are_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (Path(tmp_path / "ran"),))  # type: ignore[return-value]

    for name, data in {"evil.pt": pickle.dumps(Evil()), "text.pt": b"hello", "empty.pt": b""}.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ModelError, match=name):
            load_checkpoint(tmp_path / name)
    torch.save({"evil": Evil()}, tmp_path / "zip.pt")
    with pytest.raises(ModelError, match=r"zip\.pt"):
        load_checkpoint(tmp_path / "zip.pt")
    assert not (tmp_path / "ran").exists()
    with pytest.raises(ModelError, match="train one"):
        load_checkpoint(tmp_path / "missing.pt")


def test_seeded_weights() -> None:
    one, two, other = (build_network(tiny(Task.DETECT, seed=seed)) for seed in (1, 1, 2))
    first = [next(network.parameters()) for network in (one, two, other)]
    assert torch.equal(first[0], first[1])
    assert not torch.equal(first[0], first[2])
