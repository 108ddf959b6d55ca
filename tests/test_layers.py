"""Imports point down; every public name is documented; what must be light is light."""

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import classifier

PACKAGE = Path(classifier.__file__).parent
LAYERS = [
    {"errors", "kernel", "progress", "shipped"},
    {"abbreviations", "document", "cluster", "vocabulary"},
    {"features", "layout", "punkt", "windows", "graph", "readers", "writers"},
    {"scoring", "sentences", "isolation"},
    {"calibration", "encoder", "files"},
    {"ledger"},
    {"corpus", "estimator", "explain", "tags", "statistics", "pages", "charts"},
    {"artifact", "evaluation", "head", "splits", "finetune", "interchange", "report", "distill",
     "audit"},
    {"card", "doctor", "evaluation_report", "export", "parts", "tagging", "training"},
    {"assembly", "validation"},
    {"batch"},
    {"cli_upkeep"},
    {"cli"},
    {"__main__"},
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}


def imports_of(path):
    """The modules of the package that a module imports, inside its functions too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("classifier."):
            yield node.module.split(".")[1]


def test_every_module_has_a_layer():
    names = {p.stem for p in PACKAGE.glob("*.py")} | {p.parent.name for p in PACKAGE.glob("*/*.py")}
    assert names - {"__init__"} == set(RANK)


@pytest.mark.parametrize("name", sorted(RANK))
def test_imports_point_down(name):
    for path in [PACKAGE / f"{name}.py", *(PACKAGE / name).glob("*.py")]:
        if path.is_file():
            inside = {name} if path.parent.name == name else set()
            assert not {m for m in imports_of(path) if RANK[m] >= RANK[name]} - inside


def test_public_names_are_sorted_importable_and_documented():
    assert classifier.__all__ == sorted(classifier.__all__)
    for name in classifier.__all__:
        value = getattr(classifier, name)
        assert name == "LABELS" or ">>>" in inspect.getdoc(value)


@pytest.mark.parametrize("name", sorted(set(RANK) - {"__main__"}))
def test_every_public_function_and_class_says_what_it_does(name):
    module = importlib.import_module(f"classifier.{name}")
    for key, value in vars(module).items():
        ours = getattr(value, "__module__", None) == module.__name__
        if ours and not key.startswith("_") and (inspect.isclass(value) or callable(value)):
            assert inspect.getdoc(value), f"{name}.{key}"


@pytest.mark.parametrize("name", ["cli", "cli_upkeep"])
def test_commands_are_thin(name):
    for node in ast.walk(ast.parse((PACKAGE / f"{name}.py").read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 50, node.name


@pytest.mark.parametrize("code, unwanted", [
    ("import classifier.cli", {"numpy", "sklearn", "nltk", "scipy", "onnxruntime"}),
    ("import classifier.validation", {"sklearn", "nltk", "scipy", "onnxruntime", "torch"}),
    ("import classifier.artifact, classifier.tagging; classifier.artifact.load_model('fast')",
     {"sklearn", "nltk", "scipy", "onnxruntime", "torch"}),
])
def test_heavy_imports_wait_until_needed(code, unwanted):
    code += "; import sys; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not unwanted & set(out.stdout.split())
