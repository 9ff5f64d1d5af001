"""`meter-infer eval`, all but the networks: what it refuses beforehand, and what costs no figures."""

import json
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from meter_infer.cli import eval as command
from meter_infer.cli.errors import Terminated
from meter_infer.cli.eval_run import annotated_names
from meter_infer.evaluation.labels import PictureLabel
from meter_infer.types import Detection, Frame
from tests.cli.fakes import Run, said
from tests.cli.test_eval_run import BOX, FRACTION, HIT, Networks, draw_dial


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> Networks:
    """What `eval` loads in place of the real ones."""
    fake = Networks([HIT])
    monkeypatch.setattr(command, "load_detector", lambda *_, **__: nullcontext(fake))
    monkeypatch.setattr(command, "load_segmenter", lambda *_, **__: nullcontext(fake))
    monkeypatch.setattr(command, "load_strips", lambda *_, **__: nullcontext(None))
    return fake


def labelled(folder: Path, *names: str, **changes: Any) -> Path:
    """A label file, and a dial under each name."""
    gauge = {
        "kind": "pointer",
        "box": [BOX.x1, BOX.y1, BOX.x2, BOX.y2],
        "range": [0, 100],
        "reading": 100 * FRACTION,
    } | changes
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draw_dial(path)
    path = folder / "labels.json"
    path.write_text(json.dumps({"images": [{"file": name, "gauges": [gauge]} for name in names]}))
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_figures_and_files(run: Run, networks: Networks, tmp_path: Path) -> None:
    labels = labelled(tmp_path, "a.png", "b.png")
    out = tmp_path / "out"
    result = run(
        "eval", labels, "--json", out / "r.json", "--plot", out / "p.png", "--annotate", out / "seen"
    )
    assert result.exit_code == 0
    assert "Readings" in result.stdout
    assert "warning" not in result.stderr
    assert json.loads((out / "r.json").read_text())["all"]["detected"] == 2
    assert sorted(contents(out)) == ["p.png", "r.json", "seen/a.jpg", "seen/b.jpg"]


# --- what it reads is never written over --------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--json", "labels.json"], "is the label file"),
        (["--json", "link.json"], "is the label file"),
        (["--json", "a.jpg"], "is a picture that is evaluated"),
        (["--plot", "val/../b.png"], "is a picture that is evaluated"),
        (["--annotate", "."], "is a picture that is evaluated"),
        (["--json", "r.png", "--plot", "r.png"], "is given for two outputs"),
        (["--annotate", "val", "--plot", "./val/a.jpg"], "is given for two outputs"),
        (["--detection", "--negatives", "val", "--json", "val/n.png"], "is a picture that is evaluated"),
    ],
)
def test_what_is_evaluated_is_never_written_over(
    run: Run, networks: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], says: str
) -> None:
    labelled(tmp_path, "a.jpg", "b.png")
    (tmp_path / "val").mkdir()
    draw_dial(tmp_path / "val" / "n.png")
    (tmp_path / "link.json").symlink_to("labels.json")
    before = contents(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert says in said(run("eval", "labels.json", *args, "--limit", 1))
    assert contents(tmp_path) == before
    assert networks.segmented == 0


def test_drawings_beside_pictures_of_other_names_are_no_harm(
    run: Run, networks: Networks, tmp_path: Path
) -> None:
    labels = labelled(tmp_path, "val/a.jpg", "b.png")
    assert run("eval", labels, "--annotate", tmp_path).exit_code == 0
    assert {"val_a.jpg", "b.jpg"} <= set(contents(tmp_path))


def names_of(*files: str) -> list[str]:
    return annotated_names([PictureLabel(Path(file), file, ()) for file in files])


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["x.jpg", "x.png", "y.png"], ["x_jpg.jpg", "x_png.jpg", "y.jpg"]),
        (["../folder/x.jpg", "/data/x.jpg", "./.x.png"], ["folder_x.jpg", "data_x.jpg", "x.jpg"]),
        (["a/b.jpg", "a_b.jpg", "a_b-2.jpg"], ["a_b.jpg", "a_b-3.jpg", "a_b-2.jpg"]),
        (["x.jpg", "x.jpg"], ["x.jpg", "x-2.jpg"]),
        (["v1.2/x.y.jpg", ".."], ["v1.2_x.y.jpg", "picture.jpg"]),
    ],
)
def test_drawings_have_names_of_their_own(files: list[str], names: list[str]) -> None:
    assert names_of(*files) == names


def test_the_names_of_drawings_do_not_grow_beyond_what_a_disk_takes() -> None:
    first, last = names_of("d" * 150 + "/" + "e" * 150 + "/1.jpg", "d" * 151 + "/" + "e" * 150 + "/1.jpg")
    assert first != last
    assert max(len(first), len(last)) < 250


# --- outputs that cannot be ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "target", "says"),
    [
        ("--plot", "o.pdf", "names no kind of picture"),
        ("--plot", "o.pgm", "names no kind of picture"),
        ("--plot", "o", "names no kind of picture"),
        ("--annotate", "seen.jpg", "for labelled pictures --annotate names a folder"),
        ("--annotate", "labels.json", "cannot be made"),
    ],
)
def test_outputs_are_looked_at_before_the_work(
    run: Run, networks: Networks, tmp_path: Path, option: str, target: str, says: str
) -> None:
    labels = labelled(tmp_path, "a.png")
    before = contents(tmp_path)
    assert says in said(run("eval", labels, option, tmp_path / target))
    assert contents(tmp_path) == before
    assert networks.segmented == 0


def test_work_that_fails_leaves_no_empty_file(run: Run, networks: Networks, tmp_path: Path) -> None:
    labels = labelled(tmp_path, "a.png", range=None)
    assert "can be scored" in said(run("eval", labels, "--json", tmp_path / "r.json"))
    assert not (tmp_path / "r.json").exists()


def test_the_figures_are_printed_before_files_are_written(
    run: Run, networks: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = labelled(tmp_path, "a.png")
    monkeypatch.setattr(command, "make_room", lambda _: None)
    (tmp_path / "full.json").mkdir()
    result = run("eval", labels, "--json", tmp_path / "full.json")
    assert "cannot be written" in said(result)
    assert "Readings" in result.stdout


# --- damaged pictures, odd labels ---------------------------------------------------------------


def test_a_damaged_picture_costs_its_own_gauges_alone(run: Run, networks: Networks, tmp_path: Path) -> None:
    labels = labelled(tmp_path, "a.png", "b.png", "c.png", conditions=["dark"])
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:900])
    (tmp_path / "b.png").unlink()
    result = run("eval", labels, "--json", tmp_path / "r.json", "--annotate", tmp_path / "seen")
    assert result.exit_code == 0
    content = json.loads((tmp_path / "r.json").read_text())
    assert (content["all"]["n"], content["all"]["detected"]) == (3, 1)
    assert content["all"]["coverage"] == pytest.approx(1 / 3)
    assert content["gauges"][0]["conditions"] == ["pointer", "dark"]
    (warning,) = [line for line in result.stderr.splitlines() if line.startswith("warning: ")]
    assert warning.startswith(
        "warning: 2 of 3 pictures could not be read; their gauges count as not detected"
    )
    assert "a.png is damaged or cut short" in warning
    assert "b.png cannot be read" in warning
    assert sorted(contents(tmp_path / "seen")) == ["c.jpg"]


def test_a_damaged_picture_does_not_end_the_score_of_the_detector(
    run: Run, networks: Networks, tmp_path: Path
) -> None:
    labels = labelled(tmp_path, "a.png", "b.png")
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "none").mkdir()
    for name in ("n.png", "m.png"):
        cv2.imwrite(str(tmp_path / "none" / name), np.zeros((48, 64, 3), np.uint8))
    (tmp_path / "none" / "n.png").write_bytes(b"")
    args = ("--detection", "--negatives", tmp_path / "none", "--json", tmp_path / "r.json")
    result = run("eval", labels, *args)
    assert result.exit_code == 0
    content = json.loads((tmp_path / "r.json").read_text())["detection"]
    assert (content["boxes"], content["recall"], content["negatives"]) == (2, 0.5, 1)
    assert "warning: 2 of 4 pictures could not be read" in result.stderr


@pytest.mark.parametrize("args", [[], ["--detection"]])
def test_without_one_sound_picture_there_are_no_figures(
    run: Run, networks: Networks, tmp_path: Path, args: list[str]
) -> None:
    labels = labelled(tmp_path, "a.png", "b.png")
    for name in ("a.png", "b.png"):
        (tmp_path / name).unlink()
    assert "a.png cannot be read" in said(run("eval", labels, *args))


@pytest.mark.parametrize(("reading", "warned"), [(930, True), (-101, True), (199, False), (-99, False)])
def test_a_label_far_outside_its_scale_is_warned_of(
    run: Run, networks: Networks, tmp_path: Path, reading: float, warned: bool
) -> None:
    result = run("eval", labelled(tmp_path, "a.png", reading=reading))
    assert result.exit_code == 0
    assert (f"a.png [0] ({reading} on 0 to 100)" in result.stderr) == warned
    assert ("warning: labelled readings lie far outside their scales" in result.stderr) == warned


# --- interruptions ------------------------------------------------------------------------------


class Interrupted(Networks):
    """Networks during whose third picture somebody ends the command."""

    how: type[BaseException] = KeyboardInterrupt
    looked_at = 0

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        self.looked_at += 1
        if self.looked_at == 3:
            raise self.how
        return super().detect(frames)


@pytest.fixture
def interrupted(networks: Networks, monkeypatch: pytest.MonkeyPatch) -> Interrupted:
    fake = Interrupted([HIT])
    for name in ("load_detector", "load_segmenter"):
        monkeypatch.setattr(command, name, lambda *_, **__: nullcontext(fake))
    return fake


NAMES = ("a.png", "b.png", "c.png", "d.png")
ALONE = "warning: interrupted: these are the figures of 2 of 4 pictures alone."


@pytest.mark.parametrize(("how", "code"), [(KeyboardInterrupt, 130), (Terminated, 143)])
def test_what_was_read_before_an_interruption_is_kept(
    run: Run, interrupted: Interrupted, tmp_path: Path, how: type[BaseException], code: int
) -> None:
    interrupted.how = how
    labels = labelled(tmp_path, *NAMES)
    (tmp_path / "b.png").write_bytes(b"")
    interrupted.looked_at = 1  # of a damaged picture the networks see nothing
    out = tmp_path / "out"
    out.mkdir()
    result = run("eval", labels, "--json", out / "r.json", "--plot", out / "p.png")
    assert result.exit_code == code
    assert ALONE in result.stderr.splitlines()
    assert "1 of 2 pictures could not be read" in result.stderr
    assert "Readings" in result.stdout
    content = json.loads((out / "r.json").read_text())
    assert (content["all"]["n"], content["all"]["detected"]) == (2, 1)
    assert content["interrupted"] is True
    assert sorted(contents(out)) == ["p.png", "r.json"]


def test_an_interruption_of_the_detector_s_score(run: Run, interrupted: Interrupted, tmp_path: Path) -> None:
    result = run("eval", labelled(tmp_path, *NAMES), "--detection", "--json", tmp_path / "r.json")
    assert result.exit_code == 130
    assert ALONE in result.stderr.splitlines()
    content = json.loads((tmp_path / "r.json").read_text())
    assert (content["detection"]["boxes"], content["interrupted"]) == (2, True)


@pytest.mark.parametrize("args", [[], ["--detection"]])
def test_before_the_first_picture_is_read_there_is_nothing_to_keep(
    run: Run, interrupted: Interrupted, tmp_path: Path, args: list[str]
) -> None:
    interrupted.looked_at = 2
    result = run("eval", labelled(tmp_path, *NAMES), *args, "--json", tmp_path / "r.json")
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr.splitlines()[-1] == "interrupted"
    assert not (tmp_path / "r.json").exists()


def test_figures_that_cannot_be_written_cost_no_plot(
    run: Run, networks: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "make_room", lambda _: None)
    (tmp_path / "full.json").mkdir()
    labels = labelled(tmp_path, "a.png")
    result = run("eval", labels, "--json", tmp_path / "full.json", "--plot", tmp_path / "p.png")
    assert "full.json cannot be written" in said(result)
    assert (tmp_path / "p.png").stat().st_size > 0


def test_what_takes_no_part_in_the_figures_is_said(run: Run, networks: Networks, tmp_path: Path) -> None:
    labels = labelled(tmp_path, "a.png", "b.png", "c.png", "d.png")
    content = json.loads(labels.read_text())
    gauges = [image["gauges"][0] for image in content["images"]]
    del gauges[1]["range"]
    for gauge in gauges[2:]:
        gauge["readng"] = gauge.pop("reading")
    gauges[0]["inner_range"] = [0, 9]  # somebody else's
    labels.write_text(json.dumps(content))
    result = run("eval", labels)
    assert result.exit_code == 0
    assert (
        "1 of 4 labelled gauges are scored; the others cannot be: 2 without 'reading', 1 without 'range'."
        in result.stderr.splitlines()
    )
    assert (
        f"warning: {labels} has keys that are not read: 'readng' (2 times; 'reading'?)."
        in result.stderr.splitlines()
    )


def test_nothing_is_said_where_all_gauges_are_scored(run: Run, networks: Networks, tmp_path: Path) -> None:
    result = run("eval", labelled(tmp_path, "a.png"))
    assert "scored" not in result.stderr
    assert "not read" not in result.stderr
