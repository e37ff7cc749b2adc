"""What the README, the tutorial and the how-to pages show is what the program does."""

import doctest
import shlex
import shutil

import pytest
from docs.pages import DOCS, shown, shows
from helpers import ROOT, call

RUN = [
    ROOT / "README.md",
    DOCS / "tutorial.md",
    DOCS / "add-a-method.md",
    DOCS / "known-optima.md",
    *sorted((DOCS / "how-to").glob("*.md")),
]


@pytest.fixture
def in_examples(tmp_path, monkeypatch):
    """A folder with the files of examples/, as the current one."""
    shutil.copytree(ROOT / "examples", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("in_examples")
@pytest.mark.parametrize("path", RUN, ids=[path.stem for path in RUN])
def test_everything_shown_runs(path):
    names = {}
    examples = 0
    for part in shown(path):
        examples += 1
        if part.language == "console":
            _run_command(part)
        else:
            _run_python(part.source, names, path)
    assert examples


def _run_command(part):
    program, *arguments = shlex.split(part.source, comments=True)
    assert program == "sparsest", part.source
    result = call(*arguments)
    assert result.exit_code in (0, 1, 3), f"{part.source}\n{result.output}"
    assert shows(part, result.output), f"{part.source}\nshown:\n{part.output}\nprinted:\n{result.output}"


def _run_python(source, names, path):
    test = doctest.DocTestParser().get_doctest(source, names, path.name, str(path), 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    report = []
    runner.run(test, out=report.append, clear_globs=False)
    names.update(test.globs)
    assert not runner.failures, "".join(report)
