"""Known optima in TOML files: what was asked of which data, and the answer that has to stand.

A file holds ``[[optimum]]`` tables. The question:

    data = "curves/pump.csv"       # a dataset's name, or a file beside this one
    target = "pressure"            # label column of a table; by default as the command line finds it
    ignore = ["id"]                # also features, drop_missing, header: as the command line's
    affine = "skip"                # also tolerance, weight_bound, classify, margin: as the command line's
    objective = "neurons"          # what is counted; neurons by default
    method = "auto"                # of the exact side; auto by default
    time_limit = 60                # seconds; 600 by default

and the answer, which ``sparsest regress --update`` fills in:

    status = "optimal"             # or time_limit, numerical
    lower = 3
    upper = 3                      # absent when no network is known
    proof = "exact"                # or numerical
    proof_file = "proofs/..."      # verified anew each time, in the folder of this file; proof_left_out =
    proof_digest = "5891b5b5..."   # "why" instead; only where the answer is exact
    digest = "b1946ac9..."         # of the problem: data, intervals, affine term and bound
    effort = 12.5                  # seconds as a multiple of the calibration loop's; optional
    date = 2026-11-22              # when it was last written
    trained = 3                    # optional: count that training with default options and seed 0 reaches
"""

import dataclasses
import datetime
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from sparsest.affine import Affine
from sparsest.errors import InputError
from sparsest.files import write_atomically
from sparsest.io.problem_sources import Asked
from sparsest.io.table_files.columns import Wanted
from sparsest.objectives import Objective
from sparsest.progress import Deadline
from sparsest.results.solving import Proof, Status

# Written by hand or by `--update`: a larger file is a mistake.
_MAX_FILE_BYTES: Final = 2**20

# A gate must not hang: seconds for an entry that states no limit.
DEFAULT_TIME_LIMIT: Final = 600.0

# "interrupted" and "node_limit" are left out: nobody can repeat the one or ask for the other here.
_STATUSES: Final = (Status.OPTIMAL, Status.TIME_LIMIT, Status.NUMERICAL)
_METHODS: Final = ("auto", "univariate", "tree", "mip")
_DIGEST: Final = re.compile("[0-9a-f]{64}")

# Characters of the sentence that says why a proof is left out.
_MAX_REASON_LENGTH: Final = 200

_Kinds = tuple[type, ...]
_NUMBER: Final[_Kinds] = (int, float)
_QUESTION: Final[dict[str, _Kinds]] = {
    "data": (str,),
    "target": (str,),
    "features": (list,),
    "ignore": (list,),
    "drop_missing": (bool,),
    "header": (bool,),
    "affine": (str,),
    "tolerance": _NUMBER,
    "weight_bound": _NUMBER,
    "classify": (bool,),
    "margin": _NUMBER,
    "objective": (str,),
    "method": (str,),
    "time_limit": _NUMBER,
}
_ANSWER: Final[dict[str, _Kinds]] = {
    "status": (str,),
    "lower": (int,),
    "upper": (int,),
    "proof": (str,),
    "proof_file": (str,),
    "proof_digest": (str,),
    "proof_left_out": (str,),
    "digest": (str,),
    "effort": _NUMBER,
    "date": (datetime.date,),
    "trained": (int,),
}
_KINDS: Final = _QUESTION | _ANSWER
_REQUIRED: Final = ("status", "lower", "proof", "digest", "date")
_WORDS: Final = {
    (str,): "a string",
    (bool,): "true or false",
    (list,): "a list of names",
    (int,): "a whole number",
    _NUMBER: "a number",
    (datetime.date,): "a date without quotes, as 2026-11-22",
}


@dataclasses.dataclass(frozen=True)
class Claim:
    """The answer that has to stand.

    Attributes
    ----------
    status : Status
        Why the solver stopped.
    proof : Proof
        What the bounds rest on.
    lower : int
        No network that fits has fewer.
    upper : int or None
        Count of a network that fits; None when none is known.
    digest : str
        Of the problem.
    date : datetime.date
        When the entry was last written.
    effort : float or None
        Seconds divided by `sparsest.benchmarks.known_optima.calibration.calibrate`'s.
    proof_file : str or None
        A proof of both bounds as `sparsest.check_proof` verifies it, relative to the entry's file.
    proof_digest : str or None
        SHA-256 of the proof's file.
    proof_left_out : str or None
        Why there is no proof although the answer is exact.
    """

    status: Status
    proof: Proof
    lower: int
    upper: int | None
    digest: str
    date: datetime.date
    effort: float | None
    proof_file: str | None = None
    proof_digest: str | None = None
    proof_left_out: str | None = None


@dataclasses.dataclass(frozen=True)
class Optimum:
    """One entry: a question, and the claim that answers it.

    Attributes
    ----------
    path : Path
        The file.
    number : int
        Place in the file, from 1.
    data, asked, objective, method, time_limit
        The question.
    trained : int or None
        Count that training must reach.
    claim : Claim or None
        None while it waits to be filled in.
    """

    path: Path
    number: int
    data: str
    asked: Asked
    objective: Objective
    method: str
    time_limit: float
    trained: int | None
    claim: Claim | None

    @property
    def name(self) -> str:
        """What the entry is called in tables and by pytest, as ``xor-neurons-none``; unique in its file."""
        asked = self.asked
        parts = [self.data, str(self.objective)]
        if asked.affine is not None:
            parts.append(str(asked.affine))
        if self.method != "auto":
            parts.append(self.method)
        if asked.classify:
            parts.append("classify")
        for word, value in (
            *_named(asked.wanted),
            ("tolerance", asked.tolerance),
            ("bound", asked.weight_bound),
            ("margin", asked.margin),
        ):
            if value is not None:
                parts.append(f"{word}={value if isinstance(value, str) else _digits(value)}")
        return "-".join(parts)


@dataclasses.dataclass(frozen=True)
class KnownFile:
    """A file of entries, and its bytes when it was read."""

    path: Path
    content: bytes
    optima: tuple[Optimum, ...]


def shipped_directory() -> Path:
    """Return the folder of known optima that comes with the package."""
    return Path(__file__).parent / "known"


def read_directory(directory: Path, *, unanswered: bool = False) -> list[KnownFile]:
    """Read every .toml file of a folder, by name.

    Parameters
    ----------
    directory : Path
        Its own files count, not those of folders inside it.
    unanswered : bool
        Whether entries may lack their answer.

    Raises
    ------
    InputError
        When there is no such folder or no entry in it, or as `read_file`.
    """
    if not directory.is_dir():
        raise InputError(f"{directory}: there is no such folder")
    files = [read_file(path, unanswered=unanswered) for path in sorted(directory.glob("*.toml"))]
    if not files:
        raise InputError(f"{directory}: the folder holds no .toml file with known optima")
    return files


def read_file(path: Path, *, unanswered: bool = False) -> KnownFile:
    """Read one file of known optima.

    Raises
    ------
    InputError
        Naming the file, the entry and the key, when something is missing, unknown, wrong or there twice.
    """
    try:
        if not path.is_file():
            raise InputError("there is no such file")
        if (size := path.stat().st_size) > _MAX_FILE_BYTES:
            raise InputError(f"{size} bytes, more than the {_MAX_FILE_BYTES} that are read")
        content = path.read_bytes()
        return KnownFile(path, content, _optima(tomllib.loads(content.decode()), path, unanswered))
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except RecursionError:
        raise InputError(f"{path}: nested too deeply") from None
    except ValueError as error:  # not TOML, not UTF-8, or a number of thousands of digits
        raise InputError(f"{path}: not readable TOML: {error!s:.200}") from None


def append(path: Path, question: Mapping[str, object]) -> KnownFile:
    """Write one more question below the entries of a file, which is made where there is none.

    Returns
    -------
    KnownFile
        The file as it is now; the new entry is its last.

    Raises
    ------
    InputError
        When the file cannot be read, or asks the same already; it is then left as it was.
    OSError
        When it cannot be written.
    """
    import tomlkit

    before = read_file(path, unanswered=True).content if path.exists() else b""
    table = tomlkit.dumps({"optimum": [{k: v for k, v in question.items() if v is not None}]}).encode()
    content = (before.rstrip(b"\n") + b"\n\n" if before else b"") + table
    try:
        optima = _optima(tomllib.loads(content.decode()), path, unanswered=True)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    write_atomically(path, content)
    return KnownFile(path, content, optima)


def rewrite(file: KnownFile, changes: Mapping[int, Mapping[str, object]]) -> None:
    """Change keys of some entries in place; order, comments and all other keys stay as they are.

    Parameters
    ----------
    file : KnownFile
        As it was read.
    changes : mapping
        Entry number to keys with their new values; None removes a key.

    Raises
    ------
    InputError
        When the file was edited in the meantime.
    OSError
        When it cannot be written.
    """
    import tomlkit

    refuse_edited(file)
    document = tomlkit.parse(file.content.decode())
    tables: Any = document["optimum"]
    for number, values in changes.items():
        _edit(tables[number - 1], values)
    write_atomically(file.path, tomlkit.dumps(document).encode())


def refuse_edited(file: KnownFile) -> None:
    """Raise `InputError` when a file is no longer what was read."""
    if file.path.read_bytes() != file.content:
        raise InputError(f"{file.path}: it was edited since it was read: run again")


def _edit(table: Any, values: Mapping[str, object]) -> None:
    """Set and remove keys of a tomlkit table; new ones go before the next entry's comment."""
    body, below = table.value.body, []
    while body and body[-1][0] is None:
        below.append(body.pop()[1])
    for key, value in values.items():
        if value is None:
            table.pop(key, None)
        else:
            table[key] = value
    for item in reversed(below):
        table.add(item)


def _named(wanted: Wanted) -> list[tuple[str, str | None]]:
    """Return the parts of an entry's name that say which columns and rows of a table it is about."""
    lists = (("features", wanted.features), ("ignore", wanted.ignore))
    parts = [(word, ",".join(names)) for word, names in lists if names is not None]
    header = None if wanted.header is None else str(wanted.header).lower()
    dropped = "missing" if wanted.drop_missing else None
    return [("target", wanted.target), *parts, ("drop", dropped), ("header", header)]


def _optima(document: dict[str, Any], path: Path, unanswered: bool) -> tuple[Optimum, ...]:
    if unknown := sorted(set(document) - {"optimum"}):
        raise InputError(f"unknown key {unknown[0]!r:.40} outside the entries: only [[optimum]] is known")
    tables = document.get("optimum")
    if not isinstance(tables, list) or not tables:
        raise InputError("it has no [[optimum]] entry")
    optima: dict[str, Optimum] = {}
    for number, table in enumerate(tables, 1):
        try:
            optimum = _optimum(table, path, number, unanswered)
            if optimum.name in optima:
                raise InputError(
                    f"it asks the same as entry {optima[optimum.name].number} ({optimum.name:.80}): "
                    "remove one of them"
                )
        except InputError as error:
            raise InputError(f"entry {number}: {error}") from None
        optima[optimum.name] = optimum
    return tuple(optima.values())


def _optimum(table: object, path: Path, number: int, unanswered: bool) -> Optimum:
    if not isinstance(table, dict):
        raise InputError("it is not a table: write [[optimum]] above its keys")
    _check_keys(table)
    data = table["data"]
    # a saved problem has its own affine term; for all other data an absent one means none
    affine = table.get("affine", None if data.lower().endswith(".json") else "none")
    asked = Asked(
        wanted=Wanted(**{key: table[key] for key in Wanted._fields if key in table}),
        affine=None if affine is None else Affine.parse(affine),
        tolerance=_float(table.get("tolerance")),
        weight_bound=_float(table.get("weight_bound")),
        classify=table.get("classify", False),
        margin=_float(table.get("margin")),
    )
    limit = _float(table.get("time_limit", DEFAULT_TIME_LIMIT))
    Deadline(limit)
    absent = [key for key in _REQUIRED if key not in table]
    if absent and not unanswered:
        raise InputError(f"it lacks {absent[0]!r}: run `sparsest regress --update` to fill it in")
    claim = None if absent else _claim(table)
    trained = table.get("trained")
    if trained is not None and trained < (claim.lower if claim else 0):
        raise InputError(f"trained = {trained}: no network has fewer than the lower bound")
    return Optimum(
        path=path,
        number=number,
        data=data,
        asked=asked,
        objective=Objective.parse(table.get("objective", "neurons")),
        method=_one_of(table.get("method", "auto"), "method", _METHODS),
        time_limit=limit or DEFAULT_TIME_LIMIT,
        trained=trained,
        claim=claim,
    )


def _check_keys(table: dict[str, Any]) -> None:
    for key, value in table.items():
        if key not in _KINDS:
            raise InputError(f"unknown key {key!r:.40}: known are {', '.join(_KINDS)}")
        kinds = _KINDS[key]
        # a bool is an int and a datetime a date to Python, but neither is meant; floats may be nan or inf
        if type(value) not in kinds:
            raise InputError(f"{key} = {_shown(value)} is not {_WORDS[kinds]}")
        if kinds == _NUMBER and not abs(value) < float("inf"):
            raise InputError(f"{key} = {_shown(value)} is not a finite number")
    data = table.get("data")
    if data is None:
        raise InputError("it lacks 'data': name a dataset or a file")
    if not data or len(data) > 1000 or not data.isprintable():
        raise InputError(f"data = {data!r:.60} is not the name of a dataset or file")
    for key in ("target", "features", "ignore"):
        names = table.get(key, [])
        for name in [names] if isinstance(names, str) else names:
            if not isinstance(name, str) or not name.isprintable():
                raise InputError(f"{key} = {name!r:.60} is not the name of a column")


def _claim(table: dict[str, Any]) -> Claim:
    status = Status.parse(_one_of(table["status"], "status", tuple(map(str, _STATUSES))))
    lower, upper = table["lower"], table.get("upper")
    if lower < 0 or (upper is not None and upper < lower):
        raise InputError(f"lower = {_shown(lower)} and upper = {_shown(upper)} are not bounds of one count")
    if status is Status.OPTIMAL and lower != upper:
        raise InputError(
            f"the status is optimal, but the bounds {_shown(lower)} and {_shown(upper)} do not meet"
        )
    if not _DIGEST.fullmatch(table["digest"]):
        raise InputError(f"digest = {_shown(table['digest'])} is not a SHA-256: 64 digits 0-9a-f are needed")
    effort = _float(table.get("effort"))
    if effort is not None and effort <= 0:
        raise InputError(f"effort = {effort:g}: it must be positive")
    _check_proof_keys(table)
    return Claim(
        status=status,
        proof=Proof.parse(_one_of(table["proof"], "proof", tuple(map(str, Proof)))),
        lower=lower,
        upper=upper,
        digest=table["digest"],
        date=table["date"],
        effort=effort,
        proof_file=table.get("proof_file"),
        proof_digest=table.get("proof_digest"),
        proof_left_out=table.get("proof_left_out"),
    )


def _check_proof_keys(table: dict[str, Any]) -> None:
    """Raise `InputError` unless the keys on the proof go together, and the file is inside the folder."""
    name, digest, why = (table.get(key) for key in ("proof_file", "proof_digest", "proof_left_out"))
    if (name, digest, why) == (None, None, None):
        return
    if (name is None) != (digest is None) or (name is None) == (why is None):
        raise InputError("proof_file and proof_digest go together, and proof_left_out goes without them")
    if why is not None and not (why and why.isprintable() and len(why) <= _MAX_REASON_LENGTH):
        raise InputError(f"proof_left_out = {_shown(why)} is no reason of {_MAX_REASON_LENGTH} characters")
    if name is not None and not _is_inside(name):
        raise InputError(
            f"proof_file = {_shown(name)}: name a .json or .json.gz file in this folder, as proofs/a.json.gz"
        )
    if digest is not None and not _DIGEST.fullmatch(digest):
        raise InputError(f"proof_digest = {_shown(digest)} is not a SHA-256: 64 digits 0-9a-f are needed")


def _is_inside(name: str) -> bool:
    """Whether a path, as written, is one of a proof that stays in its folder on any system."""
    path = PurePosixPath(name)
    strange = not name.isprintable() or any(letter in name for letter in '\\:*?"<>|') or len(name) > 200
    named = name.endswith((".json", ".json.gz"))
    return named and not strange and not path.is_absolute() and ".." not in path.parts and str(path) == name


def _one_of(value: str, key: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise InputError(f"{key} = {_shown(value)}: choose one of {', '.join(choices)}")
    return value


def _float(value: float | None) -> float | None:
    try:
        return None if value is None else float(value)
    except OverflowError:
        raise InputError("a whole number is larger than any float") from None


def _digits(value: float) -> str:
    """Spell a number in six digits, or in full where those would name another one."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def _shown(value: object) -> str:
    """Spell a value that may be huge."""
    try:
        return f"{value!r:.60}"
    except ValueError:  # more digits than Python writes out
        return "a number of thousands of digits"
