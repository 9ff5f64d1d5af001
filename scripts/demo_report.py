"""Compare the demo's readings with the rendered truth, and save some annotated frames."""

import csv
import sys
from pathlib import Path

import av
import cv2
import yaml

from meter_infer.evaluation.plot import draw_plot
from meter_infer.evaluation.scoring import Figures, Outcome, figures, figures_by_condition
from meter_infer.types import Quality, Reason

_FRAMES = 4


def main(out: Path) -> None:
    """Print the comparison of `out`/readings.csv with `out`/plant.csv and write the pictures beside them."""
    outcomes = read_outcomes(out)
    by_meter = figures_by_condition(outcomes)
    print()
    print(_row("meter", "frames", "good", "mean error", "p95", "confident-wrong"))
    for name, item in {**by_meter, "all": figures(outcomes)}.items():
        print(_figures(name, item))
    print("\nErrors of the good readings, in % of the scale's span.")
    print("Confident-wrong: the share of good readings that are off by more than 2 %.")
    cv2.imwrite(str(out / "errors.png"), draw_plot(outcomes, by_meter, "demo"))
    frames = save_frames(out / "annotated.mp4", out, _FRAMES)
    names = ["readings.csv", "annotated.mp4", *(path.name for path in frames), "errors.png"]
    print(f"\nIn {out}/: {', '.join(names)}")


def read_outcomes(out: Path) -> list[Outcome]:
    """Bring together each frame's truth and reading, grouped by meter."""
    site = yaml.safe_load((out / "plant.yaml").read_text(encoding="utf-8"))
    meters = {name: meter for camera in site["cameras"].values() for name, meter in camera["meters"].items()}
    with (out / "readings.csv").open(newline="", encoding="utf-8") as file:
        readings = {(row["frame"], row["meter"]): row for row in csv.DictReader(file)}
    outcomes = []
    with (out / "plant.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            reading = readings.get((row["frame"], row["meter"]))
            first, last = meters[row["meter"]]["range"]
            outcomes.append(
                Outcome(
                    file=f"frame {row['frame']}",
                    index=0,
                    kind=row["kind"],
                    truth=float(row["value"]),
                    unit=row["unit"],
                    low=min(first, last),
                    span=abs(last - first),
                    value=float(reading["value"]) if reading and reading["value"] else None,
                    quality=Quality(reading["quality"]) if reading else Quality.BAD,
                    reason=Reason(reading["reason"]) if reading else Reason.NO_METER,
                    confidence=float(reading["confidence"]) if reading else 0.0,
                    iou=1.0 if reading else 0.0,
                    detected=reading is not None,
                    conditions=(row["meter"],),
                )
            )
    return outcomes


def save_frames(video: Path, out: Path, count: int) -> list[Path]:
    """Save `count` frames, evenly spread, as PNG."""
    with av.open(str(video)) as container:
        total = sum(1 for _ in container.decode(video=0))
    wanted = {round((i + 0.5) * total / count) for i in range(count)}
    for stale in out.glob("frame-*.png"):
        stale.unlink()
    saved = []
    with av.open(str(video)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index in wanted:
                path = out / f"frame-{index:04d}.png"
                cv2.imwrite(str(path), frame.to_ndarray(format="bgr24"))
                saved.append(path)
    return saved


def _figures(name: str, item: Figures) -> str:
    return _row(
        name,
        str(item.n),
        _show(item.coverage, 100, 1),
        _show(item.mae, 1, 2),
        _show(item.p95, 1, 2),
        _show(item.confident_wrong, 100, 1),
    )


def _show(value: float | None, factor: float, digits: int) -> str:
    return "–" if value is None else f"{value * factor:.{digits}f} %"


def _row(name: str, *cells: str) -> str:
    return f"{name:<12}" + "".join(f"{cell:>17}" for cell in cells)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
