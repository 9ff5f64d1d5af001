"""Rules on the source text that the linters do not know."""

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "meter_infer"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "_data" not in path.parts)
MOST_LINES = 420
THREADED = frozenset({"cuda", "runtime", "sources", "sinks", "train"})
"""Where threads may be started."""


def breaches(found: Callable[[ast.AST], bool], but: frozenset[str] = frozenset()) -> list[str]:
    """Return file:line of each node for which `found` holds, outside the folders `but`."""
    places = []
    for path in MODULES:
        if path.relative_to(PACKAGE).parts[0] in but:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        places += [
            f"{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 0)}"
            for node in ast.walk(tree)
            if found(node)
        ]
    return places


def test_imports_point_downwards() -> None:
    """The same contracts that `make lint` checks, so that a plain pytest run sees a breach as well."""
    pytest.importorskip("importlinter")
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_module_fits_in_one_look() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    long = {str(path.relative_to(PACKAGE)): lines for path, lines in lengths.items() if lines > MOST_LINES}
    assert not long, "split them"


def test_waiting_can_be_interrupted() -> None:
    """Nothing sleeps: threads wait on their stop event, `stop.wait(delay)`."""

    def sleeps(node: ast.AST) -> bool:
        return isinstance(node, ast.Attribute) and node.attr == "sleep" and isinstance(node.value, ast.Name)

    assert breaches(sleeps) == []


def test_no_pickle_is_loaded() -> None:
    """A model file is data. Only train/, which talks to ultralytics, may meet a pickle."""
    unsafe = {"pickle", "dill", "joblib", "cloudpickle", "shelve"}

    def imports(node: ast.AST) -> bool:
        if isinstance(node, ast.Import):
            return any(alias.name.split(".")[0] in unsafe for alias in node.names)
        return isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in unsafe

    assert breaches(imports, but=frozenset({"train"})) == []


def test_what_users_named_is_no_markup() -> None:
    """A unit may well be `[bar]`: consoles take no markup."""

    def takes_markup(node: ast.AST) -> bool:
        if not isinstance(node, ast.Call) or getattr(node.func, "id", "") != "Console":
            return False
        given = {keyword.arg: keyword.value for keyword in node.keywords}.get("markup")
        return not (isinstance(given, ast.Constant) and given.value is False)

    assert breaches(takes_markup) == []


def test_threads_are_started_where_they_belong() -> None:
    def starts(node: ast.AST) -> bool:
        if not isinstance(node, ast.Call):
            return False
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        return name in {"Thread", "ThreadPoolExecutor"}

    assert breaches(starts, but=THREADED) == []
