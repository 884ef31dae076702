"""Expected values come from no code of the engine: the declarations and the modules that hold them are looked at."""

import ast
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mfn_grpc.core.validation

ROOT = Path(mfn_grpc.core.validation.__file__).parent
PACKAGE = "mfn_grpc.core.validation"
EXPECTED = f"{PACKAGE}.expected"
EXPECTED_FILES = sorted((ROOT / "expected").glob("*.py"))
SUITE_FILES = sorted(path for path in ROOT.rglob("*.py") if path.parent != ROOT / "expected")
ALLOWED = {"math", "dataclasses", "collections.abc", "numpy", "numpy.typing"}


def imports_of(tree: ast.Module) -> Iterator[tuple[str, str, str]]:
    """(module, name, alias) of every import, in functions as well."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "", alias.asname or alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None
            yield from ((node.module, alias.name, alias.asname or alias.name) for alias in node.names)


def names_of_expected(tree: ast.Module) -> tuple[set[str], set[str]]:
    """The aliases of modules of expected values, and the names imported from them."""
    found = list(imports_of(tree))
    modules = {alias for module, _, alias in found if module == EXPECTED}
    return modules, {alias for module, _, alias in found if module.startswith(f"{EXPECTED}.")}


def is_independent(node: ast.expr, modules: set[str], names: set[str]) -> bool:
    """Whether an expression is a number, or read from a module of expected values and from nowhere else."""
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub) and is_independent(node.operand, modules, names)
    if isinstance(node, ast.Attribute):
        return is_independent(node.value, modules, names)
    if isinstance(node, ast.Subscript):
        return is_independent(node.value, modules, names) and isinstance(node.slice, ast.Constant)
    if isinstance(node, ast.Name):
        return node.id in modules | names
    return isinstance(node, ast.Constant) and type(node.value) is float


def expectations(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from (keyword.value for keyword in node.keywords if keyword.arg == "expected")


@pytest.mark.parametrize("path", EXPECTED_FILES, ids=lambda path: path.name)
def test_a_module_of_expected_values_imports_mathematics_and_its_like_alone(path: Path) -> None:
    modules = {module for module, _, _ in imports_of(ast.parse(path.read_text(encoding="utf-8")))}
    assert {module for module in modules if not module.startswith(f"{EXPECTED}.")} <= ALLOWED


@pytest.mark.parametrize("path", SUITE_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_expected_value_is_a_number_or_read_from_the_modules_of_expected_values(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules, names = names_of_expected(tree)
    assert all(is_independent(node, modules, names) for node in expectations(tree))


def test_the_declarations_were_found() -> None:
    declared = [node for path in SUITE_FILES for node in expectations(ast.parse(path.read_text(encoding="utf-8")))]
    # Families of checks share one declaration.
    assert len(declared) > 0.8 * len(mfn_grpc.core.validation.checks_of(mfn_grpc.core.validation.Suite.ALL))


@pytest.mark.parametrize(
    ("text", "independent"),
    [
        ("1.5", True),
        ("-expected.X", True),
        ("expected.X.y", True),
        ("X[1]", True),
        ("GAS_CONSTANT", False),
        ("nernst_potential_mv(1, 5, 140)", False),
        ("engine.X", False),
        ("expected.f(engine)", False),
        ("2 * expected.X", False),
    ],
)
def test_the_rule_tells_engine_from_expectation(text: str, independent: bool) -> None:
    node = ast.parse(text, mode="eval").body
    assert is_independent(node, {"expected"}, {"X"}) == independent


def test_the_expected_values_are_the_same_without_any_module_of_the_engine() -> None:
    """Another process loads the files by path, with every import of mfn_grpc but of their own package refused."""
    program = """
import importlib.util, sys, types
from pathlib import Path

folder = Path(sys.argv[1])
for name in ("mfn_grpc", "mfn_grpc.core", "mfn_grpc.core.validation", "mfn_grpc.core.validation.expected"):
    sys.modules[name] = package = types.ModuleType(name)
    package.__path__ = [str(folder)] if name.endswith("expected") else []
for path in sorted(folder.glob("*.py")):
    if path.stem != "__init__":
        module = importlib.import_module(f"mfn_grpc.core.validation.expected.{path.stem}")
        for name, value in sorted(vars(module).items()):
            if isinstance(value, float):
                print(path.stem, name, value.hex())
"""
    finished = subprocess.run(
        [sys.executable, "-c", program, str(ROOT / "expected")],
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.split() for line in finished.stdout.splitlines()]
    assert len(lines) > 80
    for stem, name, value in lines:
        assert getattr(importlib.import_module(f"{EXPECTED}.{stem}"), name).hex() == value
