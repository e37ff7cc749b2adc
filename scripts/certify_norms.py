"""Certify the least path norms of a suite by branch and bound, and freeze them in the file that it names.

    python scripts/certify_norms.py [SUITE] [--time-limit SECONDS] [--again]

Entries that the file has already are kept unless `--again` is given. A problem that branch and bound does not
close within the limit gets no entry; the last line says which, and the suite should leave them out.
"""

import argparse
import sys
import tomllib
from collections.abc import Iterator
from typing import Final

from sparsest.benchmarks.run.machine import describe
from sparsest.benchmarks.suites import suite as suites
from sparsest.benchmarks.suites.certified import CertifiedNorm, norm_key, read_certified, write_certified
from sparsest.benchmarks.suites.suite import Instance
from sparsest.errors import InputError
from sparsest.exact import minimize_path_norm
from sparsest.results.solving import Status

# What certified norms depend on.
_LIBRARIES: Final = ("sparsest", "numpy", "scipy", "highspy")


def certified(instance: Instance, limit: float) -> CertifiedNorm | None:
    """Return the least path norm of a problem of a suite, None when it is not closed in the limit."""
    assert instance.p is not None
    problem = instance.problem
    found = minimize_path_norm(problem, instance.p, instance.objective, time_limit=limit)
    if found.status is not Status.OPTIMAL or found.upper_bound is None:
        return None
    return CertifiedNorm(
        instance.data,
        problem.digest,
        instance.objective,
        instance.p,
        float(found.lower_bound),
        float(found.upper_bound),
        round(found.seconds, 2),
    )


def main(name: str, limit: float, again: bool) -> Iterator[str]:
    """Certify what a suite's file lacks, write it after each, and yield lines of progress.

    Raises
    ------
    InputError
        When the suite names no file of certified norms.
    """
    path = suites.folder() / f"{name}.toml"
    named = tomllib.loads(path.read_text(encoding="utf-8")).get("certified")
    if named is None:
        raise InputError(f"suite {name!r} names no file of certified norms")
    target = path.parent / str(named)
    if again or not target.exists():  # the suite cannot be read without it
        write_certified(target, "", {}, [])
    known, norms, missing = read_certified(target), list[CertifiedNorm](), list[str]()
    command = f"python scripts/certify_norms.py {name} --time-limit {limit:g}"
    versions = {library: describe()["versions"][library] for library in _LIBRARIES}
    for instance in suites.load(name).instances:
        if instance.p is None:
            continue
        label = f"{instance.data} {instance.asked.affine or 'none'} {instance.objective} p = {instance.p}"
        entry = known.get(norm_key(instance.problem, instance.objective, instance.p))
        if entry is None:
            entry = certified(instance, limit)
            yield f"{label}: {'open' if entry is None else f'{entry.upper:.8g}, {entry.seconds} s'}"
        if entry is None:
            missing.append(label)
        else:
            norms.append(entry)
            write_certified(target, command, versions, norms)
    yield f"{len(norms)} certified, {len(missing)} open" + "".join(f"\n  {label}" for label in missing)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Certify the least path norms of a suite.")
    parser.add_argument("suite", nargs="?", default="least-norm")
    parser.add_argument("--time-limit", type=float, default=30.0, metavar="SECONDS")
    parser.add_argument("--again", action="store_true", help="certify also what the file has already")
    arguments = parser.parse_args()
    for line in main(arguments.suite, arguments.time_limit, arguments.again):
        print(line, file=sys.stderr, flush=True)
