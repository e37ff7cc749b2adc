"""What the commands that search for a proof share: who does the work, and what is said in the end."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from sparsest.cli import exit_codes, output
from sparsest.errors import InputError
from sparsest.io.documents import load
from sparsest.multi_output_network import MultiOutputNetwork
from sparsest.network import Network
from sparsest.results.solving import Status


class Ended(Protocol):
    """A result of a search that may have written a proof."""

    @property
    def status(self) -> Status:
        """Why it stopped."""

    @property
    def remark(self) -> str:
        """What else is to be known."""

    @property
    def proof_written(self) -> bool | None:
        """Whether the proof that was asked for could be written."""


def check_search(proof: Path | None, checkpoint: Path | None, *, resume: bool) -> None:
    """Raise `InputError` before a search that could not write its proof or state, or has none to resume."""
    if proof is not None:
        output.check_writable(proof)
    output.check_checkpoint(checkpoint, resume=resume)


def saved_network(path: Path) -> Network | MultiOutputNetwork:
    """Return the network of a file, or raise `InputError`."""
    network = load(path)
    if not isinstance(network, Network | MultiOutputNetwork):
        raise InputError(f"{path} does not hold a network: save one with sparsest.save")
    return network


def refuse_workers_beside_dask(workers: int | None, dask: str | None) -> None:
    """Raise `InputError` where both are given."""
    if dask is not None and workers is not None:
        raise InputError("--workers and --dask exclude each other: a cluster has its own workers")


@contextlib.contextmanager
def sharing(workers: int | None, dask: str | None) -> Iterator[dict[str, Any]]:
    """Give the arguments `workers` and `executor` of a search, on a Dask cluster if one is named."""
    if dask is None:
        yield {"workers": 1 if workers is None else workers, "executor": None}
        return
    from sparsest.benchmarks.run.executors import cluster

    with cluster(dask) as place:
        yield {"workers": place.slots, "executor": place.executor}


def say_how_it_ended(result: Ended, proof: Path | None, checkpoint: Path | None) -> int:
    """Tell where the proof is, or why there is none, and where the search is kept; return the exit code."""
    code = exit_codes.of_status(result.status)
    written = result.proof_written is not False
    if proof is not None:
        output.note(f"wrote the proof {proof}" if written else f"Error: {result.remark}")
    say_where_it_is_kept(checkpoint, code)
    return code if written else exit_codes.BAD_INPUT


def say_where_it_is_kept(checkpoint: Path | None, code: int) -> None:
    """Tell where a search that was stopped is kept."""
    if checkpoint is not None and code == exit_codes.OPEN:
        output.note(f"the search is kept in {checkpoint}: the same command with --resume continues it")
