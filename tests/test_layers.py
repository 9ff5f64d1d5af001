"""Rules on the source text that the linters do not know."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "meter_infer"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "_data" not in path.parts)
THREADED = {"runtime", "sources", "sinks"}


def _nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path)))


def _name(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def _outside(folders: set[str]) -> list[Path]:
    return [path for path in MODULES if path.relative_to(PACKAGE).parts[0] not in folders]


def test_imports_point_downwards() -> None:
    """The same contracts that `make lint` checks, so that a plain pytest run sees a breach as well."""
    pytest.importorskip("importlinter")
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_fits_in_one_look(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= 420, f"{_name(path)} has {lines} lines; split it"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_waiting_can_be_interrupted(path: Path) -> None:
    """Nothing sleeps: threads wait on their stop event, `stop.wait(delay)`."""
    sleeps = [
        node.lineno
        for node in _nodes(path)
        if isinstance(node, ast.Attribute) and node.attr == "sleep" and isinstance(node.value, ast.Name)
    ]
    assert not sleeps, f"{_name(path)} sleeps on lines {sleeps}"


@pytest.mark.parametrize("path", _outside({"train"}), ids=_name)
def test_no_pickle_is_loaded(path: Path) -> None:
    """A model file is data. Only train/, which talks to ultralytics, may meet a pickle."""
    imported = {
        alias.name.split(".")[0]
        for node in _nodes(path)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {(node.module or "").split(".")[0] for node in _nodes(path) if isinstance(node, ast.ImportFrom)}
    assert not imported & {"pickle", "dill", "joblib", "cloudpickle", "shelve"}


@pytest.mark.parametrize("path", _outside(THREADED), ids=_name)
def test_threads_live_in_one_place(path: Path) -> None:
    """Threads are started by runtime/ and by the sources' reader threads, and nowhere else."""
    started = [
        node.lineno
        for node in _nodes(path)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"Thread", "ThreadPoolExecutor"}
    ]
    assert not started, f"{_name(path)} starts threads on lines {started}"
