"""`meter-infer run` with a reader from memory instead of the networks, for tests in a process of its own."""

import sys
from collections.abc import Sequence

import typer

from meter_infer.annotate import Polyline
from meter_infer.app import ReaderOptions
from meter_infer.cli.errors import reported
from meter_infer.cli.run import run_command
from meter_infer.runtime.timing import Observe
from meter_infer.service import ServiceOptions
from tests.runtime.fakes import FakeReader


class FakeLiveReader(FakeReader):
    engine = "memory"
    closed = False

    def seen(self, camera: str, meter: str) -> Sequence[Polyline]:
        return ()

    def close(self) -> None:
        self.closed = True


def build(options: ReaderOptions, cadence_s: float, observe: Observe) -> FakeLiveReader:
    return FakeLiveReader()


def main() -> None:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(run_command)
    try:
        with reported():
            app(args=sys.argv[1:], obj=ServiceOptions(build_reader=build), standalone_mode=False)
    except typer.Exit as error:
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
