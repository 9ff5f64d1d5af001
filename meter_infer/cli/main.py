"""The command line: `meter-infer`."""

import io
import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from meter_infer import __version__
from meter_infer.cli.check import check_command, schema_command
from meter_infer.cli.errors import reported
from meter_infer.cli.read import read_command
from meter_infer.errors import BackendUnavailable

# name -> (module, attribute, help, extra): imported when the command is used, so that a missing package
# costs that command alone
_LAZY: dict[str, tuple[str, str, str, str | None]] = {
    "eval": ("meter_infer.cli.eval", "eval_command", "Measure on labelled pictures.", None),
    "synth": ("meter_infer.cli.synth", "synth_app", "Render data sets and videos with known readings.", None),
    "draft": ("meter_infer.cli.draft", "draft_command", "Draft a site file from what is seen.", None),
    "run": ("meter_infer.cli.run", "run_command", "Watch the cameras of a site until told to stop.", None),
    "bench": (
        "meter_infer.cli.bench",
        "bench_command",
        "Measure the live service on rendered cameras.",
        None,
    ),
    "train": ("meter_infer.cli.train", "train_app", "Train the networks.", "train"),
    "export": ("meter_infer.cli.export", "export_command", "Turn networks into ONNX or into engines.", None),
}


class _Commands(TyperGroup):
    """Loads the rarer commands on use, and reports errors the same way for all."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Put the real command in place of its stub, then go on as usual."""
        if args and args[0] in _LAZY:
            with reported():
                self.commands[args[0]] = _load(args[0])
        return super().resolve_command(ctx, args)

    def make_context(self, *args: Any, **settings: Any) -> Any:
        """Understand the arguments; --help and --version print here, where standard output may be full."""
        with reported():
            return super().make_context(*args, **settings)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; its errors become one sentence and an exit code."""
        with reported():
            return super().invoke(ctx)


def _load(name: str) -> Any:
    module, attribute, text, extra = _LAZY[name]
    try:
        target = getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        hint = f"; install it with: pip install '.[{extra}]' in the checkout" if extra else ""
        raise BackendUnavailable(f"meter-infer {name} needs the package {error.name}{hint}.") from error
    if not isinstance(target, typer.Typer):
        wrapped = typer.Typer(add_completion=False, rich_markup_mode=None)
        wrapped.command(name, short_help=text)(target)
        target = wrapped
    return typer.main.get_command(target)


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"meter-infer {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Read pointer gauges and liquid levels through ordinary cameras.

    \b
    Examples:
      meter-infer read gauge.jpg
      meter-infer read plant.mp4 --config site.yaml --csv readings.csv --annotate seen.mp4
      meter-infer check site.yaml
    """


def _stub() -> None:
    """Stand in for a command until it is loaded."""


app.command("read")(read_command)
app.command("check")(check_command)
app.command("schema")(schema_command)
for _name, _entry in _LAZY.items():
    app.command(_name, help=_entry[2])(_stub)


class _Log(io.TextIOWrapper):
    """Standard error that may be full: what cannot be said costs no reading."""

    def write(self, text: str) -> int:
        """Write, where that is possible."""
        with suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, where that is possible."""
        with suppress(OSError):
            super().flush()


def main() -> None:
    """Run `meter-infer` with the process's arguments."""
    raw = open(os.devnull, "wb") if sys.stderr is None else open(2, "wb", closefd=False)  # noqa: SIM115
    sys.stderr = _Log(raw, errors="backslashreplace", line_buffering=True)
    app(prog_name="meter-infer", args=sys.argv[1:])
