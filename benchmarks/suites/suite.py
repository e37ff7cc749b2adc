"""Suites: frozen lists of problems and methods in TOML files.

A suite file holds ``description``, ``methods`` (names), optionally ``time_limit`` (seconds, for each run) and
``repeat``; ``[variants.NAME]`` tables, each a registered ``method`` with other options or another ``repeat``,
which makes NAME a method of the suite; ``certified``, a file beside it that holds least path norms
(`sparsest.benchmarks.suites.certified`); and ``[[problems]]``:

    [[problems]]
    data = "planted"                      # a dataset, or a file beside the suite, or a list of them
    grid = { d = [1, 2], k = [2, 3] }     # optional: one problem for every combination of parameters
    affine = ["none", "skip"]             # optional, as are objective, tolerance, weight_bound, classify,
                                          # margin, numbers, target, features, ignore, drop_missing, header;
                                          # lists expand, so several columns are written "a, b"
    p = [0.3, 0.5]                        # optional: exponents of the path norm that is to be small
    methods = ["auto"]                    # optional: these only
"""

import dataclasses
import functools
import hashlib
import importlib.resources
import itertools
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sparsest.affine import Affine
from sparsest.benchmarks.suites.certified import (
    CertifiedNorm,
    LeastNorm,
    NormKey,
    norm_key,
    read_certified,
)
from sparsest.benchmarks.suites.methods import METHODS, find
from sparsest.decimals import Numbers
from sparsest.errors import InputError
from sparsest.io.problem_sources import Asked, read_problem
from sparsest.io.table_files.columns import Wanted
from sparsest.objectives import Objective, check_power
from sparsest.problem import Problem
from sparsest.progress import Deadline

# A suite is written by hand: longer files, and larger plans, are a mistake.
_MAX_SUITE_BYTES: Final = 2**20
_MAX_RUNS: Final = 100_000

_SUITE_KEYS: Final = {"description", "methods", "time_limit", "repeat", "variants", "problems", "certified"}
_WANTED_KEYS: Final = {"target": str, "features": str, "ignore": str, "drop_missing": bool, "header": bool}
_NUMBER_KEYS: Final = ("tolerance", "weight_bound", "margin")
_ASKED_KEYS: Final = ("affine", *_NUMBER_KEYS, "classify", "numbers", *_WANTED_KEYS)
_KINDS: Final = {bool: "true or false", str: "text"}
_PROBLEM_KEYS: Final = {"data", "grid", "objective", "p", "methods", *_ASKED_KEYS}


@dataclasses.dataclass(frozen=True)
class Variant:
    """A method of a suite: a registered one, its options, and how often it runs if not as the suite says."""

    name: str
    method: str
    options: Mapping[str, Any]
    repeat: int | None = None


@dataclasses.dataclass(frozen=True)
class Instance:
    """One problem of a suite with an objective.

    Attributes
    ----------
    data : str
        As the suite names it.
    asked : Asked
        How it becomes a problem.
    objective : Objective
        What is counted.
    methods : tuple of str
        Which of the suite's methods run on it.
    directory : Path
        Where its file lies, if it is one.
    p : float or None
        Exponent of the path norm that methods are to make small, where that is what is asked for.
    certified : mapping
        The suite's least path norms.
    """

    data: str
    asked: Asked
    objective: Objective
    methods: tuple[str, ...]
    directory: Path
    p: float | None = None
    certified: Mapping[NormKey, CertifiedNorm] = dataclasses.field(default_factory=dict, repr=False)

    @functools.cached_property
    def problem(self) -> Problem:
        """The problem; raises `InputError` as `sparsest.io.problem_sources.read_problem`."""
        return read_problem(self.data, self.asked, self.directory)

    @property
    def least_norm(self) -> LeastNorm | None:
        """Bounds of the least path norm, where the suite has them."""
        if self.p is None or not self.certified:
            return None
        known = self.certified.get(norm_key(self.problem, self.objective, self.p))
        return None if known is None else known.bounds

    @property
    def planted(self) -> int | None:
        """Neurons of the network that made the labels, where the data's name tells."""
        name, _, parameters = self.data.partition(":")
        given = dict(pair.split("=") for pair in parameters.split(",") if "=" in pair)
        return int(given.get("k", 3)) if name in ("planted", "noisy") else None


@dataclasses.dataclass(frozen=True)
class Suite:
    """A frozen list of problems and methods.

    Attributes
    ----------
    name, description : str
        File name without its ending, and one sentence.
    digest : str
        SHA-256 of the file.
    variants : dict of str to Variant
        The methods by name.
    time_limit : float or None
        Seconds for each run.
    repeat : int
        Runs of each method on each problem, with seeds 0, 1, ...
    instances : tuple of Instance
        The problems.
    """

    name: str
    description: str
    digest: str
    variants: dict[str, Variant]
    time_limit: float | None
    repeat: int
    instances: tuple[Instance, ...]

    def with_methods(self, names: Sequence[str]) -> "Suite":
        """Return the suite with every problem run by these methods, its own or registered ones.

        Raises
        ------
        InputError
            For an unknown method, or none.
        """
        if not names:
            raise InputError("no methods were named: leave --methods out, or name some")
        variants = {name: self.variants.get(name) or _registered(name) for name in names}
        instances = tuple(dataclasses.replace(each, methods=tuple(variants)) for each in self.instances)
        return dataclasses.replace(self, variants=variants, instances=instances)

    def with_repeat(self, repeat: int) -> "Suite":
        """Return the suite with every method run this often on every problem."""
        variants = {name: dataclasses.replace(each, repeat=None) for name, each in self.variants.items()}
        return dataclasses.replace(self, variants=variants, repeat=repeat)


def names() -> list[str]:
    """Return the names of the suites that come with the package."""
    return sorted(path.stem for path in folder().glob("*.toml"))


def load(name: str) -> Suite:
    """Read a suite by its name, or from a TOML file.

    Raises
    ------
    InputError
        Naming the file and the entry, when there is none or something in it is wrong.
    """
    path = Path(name) if name.endswith(".toml") else folder() / f"{name}.toml"
    if not name.endswith(".toml") and name not in names():
        raise InputError(f"unknown suite {name!r:.60}: known are {', '.join(names())}, or name a .toml file")
    try:
        if not path.is_file() or path.stat().st_size > _MAX_SUITE_BYTES:
            raise InputError("there is no such file, or it is too large for a suite")
        content = path.read_bytes()
        return _suite(tomllib.loads(content.decode()), path, hashlib.sha256(content).hexdigest())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not readable TOML: {error}") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except RecursionError:
        raise InputError(f"{path}: nested too deeply") from None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def folder() -> Path:
    """Return the folder of the suites that come with the package."""
    return Path(str(importlib.resources.files("sparsest.benchmarks") / "suites"))


def _suite(document: dict[str, Any], path: Path, digest: str) -> Suite:
    _refuse_unknown(document, _SUITE_KEYS, "the suite")
    tables = document.get("variants", {})
    variants = {name: _variant(name, table) for name, table in _table(tables, "variants").items()}
    listed = _strings(document.get("methods"), "methods")
    variants = {name: variants.get(name) or _registered(name) for name in [*listed, *variants]}
    problems = document.get("problems")
    if not isinstance(problems, list) or not problems:
        raise InputError("it has no [[problems]]")
    certified = _certified(document.get("certified"), path.parent)
    instances: list[Instance] = []
    for number, entry in enumerate(problems):
        try:
            found = _instances(_table(entry, "it"), tuple(listed), variants, path.parent)
            instances += [dataclasses.replace(each, certified=certified) for each in found]
        except InputError as error:
            raise InputError(f"problem {number}: {error}") from None
        if len(instances) * len(variants) > _MAX_RUNS:
            raise InputError(f"it asks for more than {_MAX_RUNS} runs")
    limit = document.get("time_limit")
    Deadline(limit)
    return Suite(
        name=path.stem,
        description=str(document.get("description", "")),
        digest=digest,
        variants=variants,
        time_limit=None if limit is None else float(limit),
        repeat=positive_count(document.get("repeat", 1), "repeat"),
        instances=tuple(instances),
    )


def _certified(name: object, directory: Path) -> dict[NormKey, CertifiedNorm]:
    """Read the least path norms that a suite names, none if it names none."""
    if name is None:
        return {}
    if not isinstance(name, str):
        raise InputError(f"certified = {name!r:.40}: the name of a file is needed")
    return read_certified(directory / name)


def positive_count(value: object, name: str) -> int:
    """Return a whole number of at least 1, or raise `InputError`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InputError(f"{name} = {value!r:.40}: a whole number, at least 1, is needed")
    return value


def _variant(name: str, table: Any) -> Variant:
    options = dict(_table(table, f"variant {name!r}"))
    method = options.pop("method", name)
    if not isinstance(method, str) or (name in METHODS and name != method):
        raise InputError(f"variant {name!r} must name a registered method, and not take another one's name")
    find(method)
    repeat = options.pop("repeat", None)
    return Variant(name, method, options, None if repeat is None else positive_count(repeat, "repeat"))


def _registered(name: str) -> Variant:
    find(name)
    return Variant(name, name, {})


def _instances(
    entry: dict[str, Any], listed: tuple[str, ...], variants: dict[str, Variant], directory: Path
) -> Iterator[Instance]:
    _refuse_unknown(entry, _PROBLEM_KEYS, "it")
    chosen = _strings(entry["methods"], "methods") if "methods" in entry else listed
    for name in chosen:
        if name not in variants:
            variants[name] = _registered(name)
    choices = {name: _choices(entry[name]) for name in ("objective", "p", *_ASKED_KEYS) if name in entry}
    for data in _grid(entry):
        for combination in itertools.product(*choices.values()):
            given = dict(zip(choices, combination, strict=True))
            objective = Objective.parse(given.pop("objective", "neurons"))
            p = check_power(given.pop("p")) if "p" in given else None
            yield Instance(data, _asked(given), objective, tuple(chosen), directory, p)


def _asked(given: dict[str, Any]) -> Asked:
    if "affine" in given:
        given["affine"] = Affine.parse(given["affine"])
    if "numbers" in given:
        given["numbers"] = Numbers.parse(given["numbers"])
    for key, kind in (("classify", bool), *_WANTED_KEYS.items()):
        if key in given and not isinstance(given[key], kind):
            raise InputError(f"{key} = {given[key]!r:.40} is not {_KINDS[kind]}")
    for key in _NUMBER_KEYS:
        if key in given and (isinstance(given[key], bool) or not isinstance(given[key], (int, float))):
            raise InputError(f"{key} = {given[key]!r:.40} is not a number")
    wanted = {key: given.pop(key) for key in _WANTED_KEYS if key in given}
    for key in ("features", "ignore"):
        if key in wanted:
            wanted[key] = (wanted[key],)
    return Asked(Wanted(**wanted), **given)


def _grid(entry: dict[str, Any]) -> Iterator[str]:
    """Yield the data that an entry names, with every combination of its grid's parameters."""
    grid = _table(entry.get("grid", {}), "grid")
    axes = [[f"{key}={value}" for value in _choices(values)] for key, values in grid.items()]
    for data in _strings(_choices(entry.get("data")), "data"):
        for combination in itertools.product(*axes):
            yield f"{data}:{','.join(combination)}" if combination else data


def _choices(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _table(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{what} must be a table")
    return value


def _strings(value: Any, what: str) -> list[str]:
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        raise InputError(f"{what} must be a list of names, and not empty")
    return list(dict.fromkeys(value))


def _refuse_unknown(table: dict[str, Any], known: set[str], what: str) -> None:
    if unknown := sorted(set(table) - known):
        raise InputError(
            f"{what} has the unknown key {unknown[0]!r:.40}: known are {', '.join(sorted(known))}"
        )
