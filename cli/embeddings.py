"""What the networks of a certificate cost an optimisation model, before and after."""

from typing import Any

from sparsest.cli import output
from sparsest.io.documents import plain
from sparsest.models.embedding import embedded, ranges
from sparsest.models.layer_arrays import AnyNetwork
from sparsest.multi_output_network import SharedProblem
from sparsest.problem import Problem
from sparsest.results.certificate import Certificate
from sparsest.results.multi_output_certificate import MultiOutputCertificate


def embeddings(found: Certificate | MultiOutputCertificate) -> dict[str, Any]:
    """Return what the given and the sparsest network known cost a small optimisation model."""
    problem: Problem | SharedProblem | None = found.problem
    assert problem is not None
    return {"embedding": {name: plain(each) for name, each in _embedded(found, problem).items()}}


def print_embeddings(found: Certificate | MultiOutputCertificate) -> None:
    """Print the same: binaries, optimum and seconds."""
    problem: Problem | SharedProblem | None = found.problem
    assert problem is not None
    rows = [(name, each.sentence) for name, each in _embedded(found, problem).items()]
    output.print_block("in an optimisation model over the box of the data, least sum of the outputs", rows)


def _embedded(
    found: Certificate | MultiOutputCertificate, problem: Problem | SharedProblem
) -> dict[str, Any]:
    networks: dict[str, AnyNetwork | None] = {"given": found.given, "sparsest known": found.network}
    given = found.given
    assert given is not None
    unit = ranges(given, problem.X)
    return {
        name: embedded(network, problem.X, unit=unit)
        for name, network in networks.items()
        if network is not None
    }
