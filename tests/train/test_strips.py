"""Training a strip network: it learns, it goes on, and its ONNX file computes the same."""

from pathlib import Path

import numpy as np
import pytest

from tests.train.networks import need_ultralytics

need_ultralytics()

import torch  # noqa: E402

from meter_infer.backends import BackendOptions, create_backend  # noqa: E402
from meter_infer.errors import LabelError, ModelError  # noqa: E402
from meter_infer.models import add_to_manifest, load_model, read_manifest  # noqa: E402
from meter_infer.networks import load_strips  # noqa: E402
from meter_infer.reading.strip import HINTS, PLACES, ROWS, THINGS  # noqa: E402
from meter_infer.train import strip_network, strips  # noqa: E402
from meter_infer.train.data import DataFolder  # noqa: E402
from meter_infer.train.loop import Progress  # noqa: E402
from meter_infer.train.networks import write_state  # noqa: E402
from meter_infer.train.strip_data import Sample, StripFolder, StripSource  # noqa: E402
from meter_infer.train.strip_network import KINDS, PLAIN, StripNetwork  # noqa: E402
from meter_infer.train.strips import (  # noqa: E402
    StripRecipe,
    StripTraining,
    export_strips,
    is_strips,
    load_strip_state,
    outcome,
)
from meter_infer.types import MeterKind  # noqa: E402
from tests.train.test_strip_data import Known, written  # noqa: E402


def training(
    root: Path,
    task: str = "tube",
    minutes: float = 0.05,
    out: str = "run",
    begin_with: Path | None = None,
    keep: float = 0.0,
) -> StripTraining:
    kind = KINDS[task]  # type: ignore[index]
    known = Known(kind)
    data = root / f"data_{task}"
    folder = StripFolder(DataFolder(data), by_hand=False) if data.exists() else written(data, known)
    recipe = StripRecipe(task, minutes=minutes, batch=2, warmup_steps=2, keep=keep)  # type: ignore[arg-type]
    return StripTraining(recipe, root / out, StripSource(kind, [folder], known), begin_with)


@pytest.mark.parametrize("kind", list(MeterKind))
def test_the_network_scores_every_place(kind: MeterKind) -> None:
    network = StripNetwork(kind).eval()
    with torch.inference_mode():
        scores = network(torch.rand(2, 3 + HINTS[kind], ROWS, PLACES[kind]))
    assert scores.shape == (2, THINGS[kind], PLACES[kind])
    assert 0.4e6 < sum(each.numel() for each in network.parameters()) < 0.6e6


def test_around_a_dial_no_place_is_an_edge() -> None:
    """But for what it is told of its place, a dial's network computes the same wherever a strip begins."""
    network = StripNetwork(MeterKind.POINTER).eval()
    network.where.zero_()
    strip = torch.rand(1, 3 + HINTS[MeterKind.POINTER], ROWS, PLACES[MeterKind.POINTER])
    with torch.inference_mode():
        here, turned = network(strip), network(strip.roll(128, dims=3))
    assert torch.allclose(here.roll(128, dims=2), turned, atol=1e-4)


def test_it_learns_and_saves(tmp_path: Path) -> None:
    seen: list[Progress] = []
    run = training(tmp_path, minutes=0.15)
    run.run(seen.append)
    assert seen[-1].done == 1.0
    assert seen[-1].losses["nats"] < 0.9 * seen[0].losses["nats"]
    assert is_strips(tmp_path / "run" / "last.pt")
    again = training(tmp_path, minutes=0.15)
    assert again.step == run.step
    assert again.done == 1.0


def test_an_interrupt_saves_first(tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training(tmp_path).run(stop)
    assert training(tmp_path).step == 2


class Broken(StripSource):
    """Has nothing to show."""

    def draw(self, rng: np.random.Generator) -> Sample:
        raise LabelError("nothing to learn from")


def test_a_run_that_never_began_leaves_nothing(tmp_path: Path) -> None:
    run = training(tmp_path)
    run._source.__class__ = Broken
    with pytest.raises(LabelError, match="nothing to learn"):
        run.run()
    assert not (tmp_path / "run" / "last.pt").exists()


def test_strips_of_which_nothing_is_known_change_nothing_for_the_worse(tmp_path: Path) -> None:
    run = training(tmp_path)
    kind = MeterKind.LEVEL
    images = torch.rand(2, 3 + HINTS[kind], ROWS, PLACES[kind])
    assert run._train_step(images, torch.zeros(2, 3, PLACES[kind])) == 0.0
    assert all(torch.isfinite(each).all() for each in run.network.parameters())


def test_a_checkpoint_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="free some space or choose another folder"):
        write_state(tmp_path / "file" / "last.pt", {})


def test_full_precision_is_kept_where_wanted(tmp_path: Path) -> None:
    run = training(tmp_path, minutes=0.01)
    run.run()
    sizes = []
    for half in (True, False):
        out = tmp_path / f"{half}.onnx"
        export_strips(tmp_path / "run" / "last.pt", out, "", [], half=half)
        sizes.append(out.stat().st_size)
    assert sizes[1] > 1.6 * sizes[0]


def test_the_file_computes_the_same_and_is_what_the_reader_takes(tmp_path: Path) -> None:
    for task in ("dial", "tube"):
        run = training(tmp_path, task, minutes=0.01, out=task)
        run.run()
        spec = export_strips(
            tmp_path / task / "last.pt", tmp_path / "models" / f"{task}.onnx", "data", ["command"]
        )
        add_to_manifest(tmp_path / "models", spec)
    with load_strips("onnxruntime", models=tmp_path / "models"):
        pass
    assert set(read_manifest(tmp_path / "models")) == {"dial", "tube"}
    kind = MeterKind.LEVEL
    images = np.random.default_rng(0).random((1, 3 + HINTS[kind], ROWS, PLACES[kind]), np.float32)
    model = load_model("tube", tmp_path / "models").data
    results = []
    for name in ("openvino", "onnxruntime"):
        with create_backend(name, model, BackendOptions(threads=1)) as backend:
            results.append(backend.infer(images)[0])
    assert np.abs(results[0] - results[1]).max() < 1e-3


def test_other_checkpoints_are_refused(tmp_path: Path) -> None:
    training(tmp_path, "tube", minutes=0.01).run()
    with pytest.raises(ModelError, match="choose another folder"):
        training(tmp_path, "dial", minutes=0.01)
    torch.save({"a": 1}, tmp_path / "other.pt")
    with pytest.raises(ModelError, match="train strips"):
        export_strips(tmp_path / "other.pt", tmp_path / "a.onnx", "", [])
    (tmp_path / "text.pt").write_text("no checkpoint", encoding="utf-8")
    with pytest.raises(ModelError, match="it is refused"):
        export_strips(tmp_path / "text.pt", tmp_path / "a.onnx", "", [])
    assert not is_strips(tmp_path / "text.pt")


@pytest.mark.parametrize("task", ["dial", "tube"])
def test_it_begins_with_an_onnx_file_of_its_kind(tmp_path: Path, task: str) -> None:
    first = training(tmp_path, task)
    for module in first.network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):  # norms that are far from the identity
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.uniform_(-0.5, 0.5)
            module.running_mean.uniform_(-0.3, 0.3)
            module.running_var.uniform_(0.5, 2.0)
    (tmp_path / "run").mkdir()
    first._average = {k: v.clone() for k, v in first.network.state_dict().items()}
    first._save()
    add_to_manifest(tmp_path, export_strips(tmp_path / "run/last.pt", tmp_path / "it.onnx", "one crop", []))
    again = training(tmp_path, task, out="again", begin_with=tmp_path / "it.onnx")
    kind = KINDS[first.recipe.task]
    strips = torch.rand(2, 3 + HINTS[kind], ROWS, PLACES[kind])
    with torch.inference_mode():
        expected = first.network.eval()(strips)
        found = again.network.eval()(strips)
    # half-precision weights on disk
    assert torch.allclose(found, expected, atol=0.02 * float(expected.abs().max()))
    other = "tube" if task == "dial" else "dial"
    with pytest.raises(ModelError, match="no strip network of this kind"):
        training(tmp_path, other, out="other", begin_with=tmp_path / "it.onnx")
    (tmp_path / "text.onnx").write_text("no network", encoding="utf-8")
    with pytest.raises(ModelError, match="cannot read"):
        training(tmp_path, task, out="text", begin_with=tmp_path / "text.onnx")


def plain_run(root: Path, monkeypatch: pytest.MonkeyPatch) -> StripTraining:
    """A run of the network without attention, with the weights that came out, and its file `it.onnx`."""
    with monkeypatch.context() as before:
        before.setattr(strip_network, "_FURTHER", ())
        before.setattr(strip_network, "_FURTHER_HALF", ())
        before.setattr(strips, "ARCHITECTURE", PLAIN)
        run = training(root)
        run.run()
        export_strips(root / "run/last.pt", root / "it.onnx", "one crop", [])
    run.network.load_state_dict(run._average)
    return run


@pytest.mark.parametrize("name", ["run/last.pt", "it.onnx"])
def test_it_begins_with_a_network_that_has_no_attention_yet(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = plain_run(tmp_path, monkeypatch)
    again = training(tmp_path, out="again", begin_with=tmp_path / name)
    kind = MeterKind.LEVEL
    images = torch.rand(2, 3 + HINTS[kind], ROWS, PLACES[kind])
    with torch.inference_mode():
        expected, found = first.network.eval()(images), again.network.eval()(images)
    assert torch.allclose(found, expected, atol=0.02 * float(expected.abs().max()))
    again.run()
    learnt = again.network.state_dict()["further.0.mix.weight"]
    assert bool(learnt.abs().max() > 0)


def test_a_run_of_a_network_without_attention_is_exported_and_not_taken_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = plain_run(tmp_path, monkeypatch)
    export_strips(tmp_path / "run/last.pt", tmp_path / "tube.onnx", "one crop", [])
    kind = MeterKind.LEVEL
    images = torch.rand(2, 3 + HINTS[kind], ROWS, PLACES[kind])
    with torch.inference_mode():
        expected = first.network.eval()(images).numpy()
    with create_backend("onnxruntime", tmp_path / "tube.onnx", BackendOptions(threads=1)) as backend:
        found = backend.infer(images.numpy())[0]
    np.testing.assert_allclose(found, expected, atol=0.02 * np.abs(expected).max())
    with pytest.raises(ModelError, match="--begin-with"):
        training(tmp_path)


def test_a_share_of_the_weights_begun_with_is_kept(tmp_path: Path) -> None:
    training(tmp_path).run()
    first = tmp_path / "run" / "last.pt"
    for _ in range(2):  # the second goes on where the first has ended, and knows what was begun with
        run = training(tmp_path, out="on", begin_with=first, keep=0.25)
        run.run()
    begun, ended = (load_strip_state(path) for path in (first, tmp_path / "on" / "last.pt"))
    came, where = outcome(ended), "scores.weight"
    assert not torch.equal(ended["average"][where], begun["average"][where])
    mixed = 0.25 * begun["average"][where] + 0.75 * ended["average"][where]
    assert torch.allclose(came[where], mixed, atol=1e-6)
    assert torch.equal(outcome(begun)[where], begun["average"][where])
