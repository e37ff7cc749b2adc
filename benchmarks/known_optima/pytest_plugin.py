"""``pytest --sparsest-known DIR``: every known optimum of a folder is a test.

Pytest loads this module wherever the package is installed, so it imports nothing until an entry is wanted.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sparsest.errors import SparsestError

if TYPE_CHECKING:
    from sparsest.benchmarks.known_optima.entries import Optimum

_FOLDERS = pytest.StashKey[list[Path]]()


class ChangedOptimumError(SparsestError):
    """A known optimum no longer stands; the message is all that a person has to read."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.getgroup("sparsest").addoption(
        "--sparsest-known",
        action="append",
        default=[],
        metavar="DIR",
        help="check the known optima in the .toml files of this folder, relative to the rootdir (repeatable)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Collect the folders besides what was going to be collected, unless a part of them was named."""
    # from the project's root, so that the option can stand in its configuration and hold in every folder
    folders = [(config.rootpath / name).resolve() for name in config.getoption("--sparsest-known")]
    for folder in folders:
        if not folder.is_dir():
            raise pytest.UsageError(f"--sparsest-known {folder}: there is no such folder")
        if not any(folder.glob("*.toml")):
            raise pytest.UsageError(f"--sparsest-known {folder}: it holds no .toml file with known optima")
    start = config.invocation_params.dir
    named = [(start / argument.split("::")[0]).resolve() for argument in config.args]
    for folder in dict.fromkeys(folders):
        if not any(path.is_relative_to(folder) for path in named):
            config.args.append(str(folder))
    config.stash[_FOLDERS] = folders


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "KnownOptimaFile | None":
    """Take the .toml files of the folders, and no others."""
    if file_path.suffix == ".toml" and file_path.parent.resolve() in parent.config.stash[_FOLDERS]:
        return KnownOptimaFile.from_parent(parent, path=file_path)
    return None


class KnownOptimaFile(pytest.File):
    """A file of known optima."""

    def collect(self) -> Iterator["KnownOptimum"]:
        """Make an item of each entry; a file that cannot be read is a collection error."""
        from sparsest.benchmarks.known_optima.entries import read_file
        from sparsest.errors import InputError

        try:
            optima = read_file(self.path).optima
        except InputError as error:
            raise self.CollectError(str(error)) from None
        for optimum in optima:
            yield KnownOptimum.from_parent(self, name=optimum.name, optimum=optimum)


class KnownOptimum(pytest.Item):
    """One entry."""

    def __init__(self, *, optimum: "Optimum", **keywords: Any) -> None:
        super().__init__(**keywords)
        self._optimum = optimum

    def runtest(self) -> None:
        """Solve the entry again; what stands but differs goes into a section of the report."""
        from sparsest.benchmarks.known_optima.regress import check

        checked = check(self._optimum)
        broken = [finding for finding in checked.findings if not finding.stands]
        for finding in checked.findings:
            if finding.stands:
                self.add_report_section("call", finding.what, finding.sentence)
        if broken:
            raise ChangedOptimumError("; ".join(f"{finding.what}: {finding.sentence}" for finding in broken))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the sentence alone: where in this package it was raised helps nobody."""
        if isinstance(excinfo.value, ChangedOptimumError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Name the entry at the head of a failure."""
        # not the name alone: pytest would take the dots in it for those of classes
        return self.path, None, f"{self.name} of {self.path.name}"
