"""What a user gets: a wheel that works away from the checkout, and documents that are true."""

import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import click
import pytest

from classifier.cli import main

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / name for name in ("README.md", "CHANGELOG.md", "NOTICE", "models/README.md",
                                      "corpus/README.md", "corpus/GUIDELINES.md")]
README = DOCUMENTS[0].read_text("utf-8")


def run(*command, **options):
    """The finished process; its output is shown when it failed."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                          timeout=300, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_wheel_works_in_an_environment_of_its_own_with_its_models(tmp_path):
    source = tmp_path / "source"
    for part in ("classifier", "models"):
        shutil.copytree(ROOT / part, source / part,
                        ignore=shutil.ignore_patterns("__pycache__", "*.onnx"))
    for part in ("setup.cfg", "setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE",
                 "NOTICE"):
        shutil.copy(ROOT / part, source / part)
    # a source distribution, and the wheel from it
    run(sys.executable, "-m", "build", "--no-isolation", "--skip-dependency-check",
        "--outdir", tmp_path, source)
    [wheel] = tmp_path.glob("*.whl")
    shutil.rmtree(source)
    home = tmp_path / "home"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    run(python, "-m", "pip", "install", "--no-index", "--no-deps", wheel)
    # the dependencies are borrowed; a folder named in a .pth file is not searched for .pth files
    [site] = home.glob("lib/*/site-packages")
    (site / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    where = run(python, "-c", "import classifier; print(classifier.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(home)
    if shutil.which("cc"):
        run(python, "-c", "from classifier.kernel import kernel; assert kernel", cwd=tmp_path)
    for model in ("encoder", "fast"):
        words = ["classify", "--proba", "--model", model, "The ministry has banned coal stoves."]
        out = run(home / "bin" / "policytag", *words, cwd=tmp_path)
        assert out == run(Path(sys.executable).parent / "policytag", *words, cwd=ROOT)


def commands(text):
    """Every `policytag ...` of indented code, without comments."""
    for line in re.findall(r"^    (?:.*\| )?(?:\.venv/bin/)?(policytag .*)$", text, re.M):
        yield shlex.split(line.partition(" #")[0].partition(" |")[0])


@pytest.mark.parametrize("words", list(commands(README)), ids=" ".join)
def test_every_command_of_the_readme_exists_with_its_options(words):
    command, rest = main, words[1:]
    while isinstance(command, click.Group):
        assert rest[0] in command.commands
        command, rest = command.commands[rest[0]], rest[1:]
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in rest if re.match(r"--?[a-z]", word)} <= known


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_and_markers_are_filled(path):
    text = path.read_text("utf-8")
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert link.startswith("https://") or (path.parent / link).exists(), link
    for name, content in re.findall(r"<!-- (\w+) -->\n(.*?)<!-- /\1 -->", text, re.S):
        assert content.strip(), f"{path.name}: nothing measured stands in {name}"


def test_python_of_the_readme_runs(capsys):
    for code in re.findall(r"```python\n(.*?)```", README, re.S):
        exec(compile(code, "README.md", "exec"), {})  # our own text
    assert "The ferry was late." in capsys.readouterr().out


def test_the_guidelines_show_an_example_for_every_rule():
    text = (ROOT / "corpus" / "GUIDELINES.md").read_text("utf-8")
    rules = re.split(r"^\d+\. ", text, flags=re.M)[1:]
    assert len(rules) >= 16
    for rule in rules:
        assert re.search(r"→ `(measure|rationale|statistic|criticism|other)[,`]", rule), rule[:60]
