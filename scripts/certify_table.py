"""Verdicts on networks that plain Adam trained on data with known minima, as a Markdown table.

    python scripts/certify_table.py [SECONDS]
    python scripts/certify_table.py large [SECONDS]

On each of 20 problems of `benchmarks/known_optima/known` two float32 networks are trained by plain Adam,
without any part of this project: a wide one, which a sparser one must be shown for, and one with as many
neurons as the known minimum, the best of many seeds, which must be called sparsest. Where the problem has no
skip there is a third, as wide and with an output bias, PyTorch's default, which needs at most as many. Every
sparser network is evaluated again in torch, every proof is checked by `sparsest.check_proof`. SECONDS is the
time limit of each verdict.

`large`: a float32 network of 512 neurons on 2000 samples of eight features instead, and the memory that its
verdict took.
"""

import dataclasses
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import torch

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.benchmarks.known_optima.entries import Optimum, read_directory, shipped_directory
from sparsest.check import ProofError, check_proof
from sparsest.compare.certification.certification import certify
from sparsest.io.problem_sources import read_problem
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.results.certificate import Certificate, Judgement
from sparsest.results.solving import Status

# Names of known optima; their data are of the size that Adam's usual settings are made for.
NAMES: Final = (
    "planted:d=1,n=20,k=2-neurons-skip",
    "planted:d=1,n=20,k=3-neurons-none",
    "planted:d=2,n=20,k=2-neurons-none",
    "planted:d=2,n=20,k=2-neurons-skip",
    "planted:d=2,n=20,k=3-neurons-none",
    "planted:d=2,n=20,k=3-neurons-skip",
    "planted:d=3,n=20,k=2-neurons-none",
    "planted:d=3,n=20,k=2-neurons-skip",
    "planted:d=3,n=20,k=3-neurons-none",
    "uniform:d=1,n=6-neurons-none",
    "uniform:d=2,n=6-neurons-none",
    "uniform:d=2,n=8-neurons-none",
    "uniform:d=2,n=8-neurons-skip",
    "peak-plateau-neurons-none",
    "peak-plateau-neurons-skip",
    "xor-neurons-none",
    "parity-3-neurons-none",
    "parity-3-neurons-skip",
    "tent-neurons-none",
    "high-dimensional-neurons-none",
)
# Neurons of the wide networks, initial networks of either kind, and steps of Adam.
_WIDTH: Final = 40
_WIDE_SEEDS, _NARROW_SEEDS = 2, 256
_STEPS: Final = 5000
_RATE: Final = 0.02
_WEIGHT_DECAY: Final = 1e-6
# Of the large network: neurons, samples, features, and steps of Adam.
_LARGE: Final = (512, 2000, 8, 300)


@dataclasses.dataclass(frozen=True)
class Row:
    """One network and the verdict on it.

    Attributes
    ----------
    name : str
        The known optimum.
    minimum : int
        Its count.
    certificate : Certificate
        The verdict.
    verified : str
        What checking it again said, "ok" if all is well.
    """

    name: str
    minimum: int
    certificate: Certificate
    verified: str

    @property
    def right(self) -> bool:
        """Whether the verdict is the one that the known minimum asks for, and withstood checking.

        The tolerance may admit fewer neurons than an exact fit needs, but never ask for more.
        """
        found = self.certificate
        sparser = found.judgement is Judgement.SPARSER_EXISTS
        wanted = sparser or (found.judgement is Judgement.SPARSEST and found.count <= self.minimum)
        return self.verified == "ok" and found.lower_bound <= self.minimum and wanted


def train(
    problem: Problem, width: int, seeds: int, *, decay: float, steps: int = _STEPS
) -> dict[str, torch.Tensor]:
    """Train networks side by side by plain Adam in float32; return the best one's state dict.

    The best has the smallest largest error.

    Parameters
    ----------
    problem : Problem
        Exact labels.
    width : int
        Neurons.
    seeds : int
        Networks; they share nothing but the loop.
    decay : float
        Weight decay.
    steps : int
        Of Adam.
    """
    generator = torch.Generator().manual_seed(0)
    d = problem.n_features
    X, y = (torch.tensor(part, dtype=torch.float32) for part in (problem.X, problem.low))
    sizes = {"weights": (d, width), "biases": (1, width), "outputs": (width, 1)}
    if problem.affine is Affine.SKIP:
        sizes |= {"slopes": (d, 1), "constant": (1, 1)}
    elif problem.affine is Affine.CONSTANT:
        sizes |= {"constant": (1, 1)}
    parts = {
        name: (torch.randn(seeds, *size, generator=generator) / size[0] ** 0.5).requires_grad_()
        for name, size in sizes.items()
    }
    optimizer = torch.optim.Adam(parts.values(), lr=_RATE, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        optimizer.zero_grad()
        ((_values(parts, X) - y) ** 2).mean(dim=1).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        best = int((_values(parts, X) - y).abs().amax(dim=1).argmin())
    own = {name: part[best].detach() for name, part in parts.items()}
    state = {"0.weight": own["weights"].T, "0.bias": own["biases"][0], "2.weight": own["outputs"].T}
    if problem.has_affine_term:
        state |= {"2.bias": own["constant"][0]}
    if problem.affine is Affine.SKIP:
        state |= {"skip.weight": own["slopes"].T}
    return state


def _values(parts: dict[str, torch.Tensor], X: torch.Tensor) -> torch.Tensor:
    values = torch.relu(X @ parts["weights"] + parts["biases"]) @ parts["outputs"]
    if "slopes" in parts:
        values = values + X @ parts["slopes"]
    if "constant" in parts:
        values = values + parts["constant"]
    return values[..., 0]


def rows(seconds: float) -> Iterator[Row]:
    """Yield the verdicts, two or three a problem."""
    known = {optimum.name: optimum for file in read_directory(shipped_directory()) for optimum in file.optima}
    for name in NAMES:
        problem, minimum = _problem(known[name])
        for width, seeds in ((_WIDTH, _WIDE_SEEDS), (minimum, _NARROW_SEEDS)):
            state = train(problem, width, seeds, decay=_WEIGHT_DECAY if width == _WIDTH else 0.0)
            yield _judged(name, minimum, problem, state, seconds)
        if problem.affine is not Affine.SKIP:
            biased = problem.replace(affine="constant")
            state = train(biased, _WIDTH, _WIDE_SEEDS, decay=_WEIGHT_DECAY)
            yield _judged(name.replace("none", "bias"), minimum, biased, state, seconds)


def _problem(optimum: Optimum) -> tuple[Problem, int]:
    claim = optimum.claim
    assert claim is not None
    assert claim.status is Status.OPTIMAL
    assert optimum.objective is Objective.NEURONS
    problem = read_problem(optimum.data, optimum.asked, optimum.path.parent)
    return problem.replace(low=problem.targets, high=problem.targets), claim.lower


def _judged(name: str, minimum: int, problem: Problem, state: dict[str, torch.Tensor], seconds: float) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        proof = Path(folder) / "proof.json.gz"
        found = certify(state, problem.X, problem.low, time_limit=seconds, proof_file=proof)
        return Row(name, minimum, found, _verified(found, problem, proof))


def _verified(found: Certificate, problem: Problem, proof: Path) -> str:
    """Check the bounds by `sparsest.check_proof`, and the sparser network by evaluating it in torch."""
    asked = Problem(
        problem.X,
        problem.low,
        affine=problem.affine,
        tolerance=found.tolerance,
    )
    try:
        checked = check_proof(proof, asked)
    except ProofError as error:
        return f"proof rejected: {error}"
    if checked.lower_bound != found.lower_bound:
        return f"the proof shows {checked.lower_bound}"
    if found.network is None:
        return "no network"
    if (found.network.count() < found.count) != (found.judgement is Judgement.SPARSER_EXISTS):
        return f"the network has {found.network.count()}"
    rounded = found.network.weights.astype(np.float32)
    if found.dtype == "float32" and not np.array_equal(rounded, found.network.weights):
        return "not in the model's precision"
    missed = np.abs(_in_torch(found.network, problem.X) - problem.low) > found.tolerance + 1e-12
    return f"misses {int(missed.sum())} labels" if missed.any() else "ok"


def _in_torch(network: Network, X: FloatArray) -> FloatArray:
    hidden = torch.nn.Linear(network.n_features, network.width, dtype=torch.float64)
    output = torch.nn.Linear(network.width, 1, bias=False, dtype=torch.float64)
    inputs = torch.from_numpy(X.copy())
    with torch.no_grad():
        hidden.weight.copy_(torch.from_numpy(network.weights.copy()))
        hidden.bias.copy_(torch.from_numpy(network.biases.copy()))
        output.weight.copy_(torch.from_numpy(network.outputs.copy())[None])
        values = torch.nn.Sequential(hidden, torch.nn.ReLU(), output)(inputs)[:, 0]
        if network.affine is not None:
            values = (
                values + inputs @ torch.from_numpy(network.affine[:-1].copy()) + float(network.affine[-1])
            )
    return np.asarray(values.numpy(), dtype=np.float64)


def table(seconds: float) -> Iterator[str]:
    """Yield the lines of the table, and a last one that sums up."""
    names = "problem minimum neurons residual reduced verdict bounds seconds checked right"
    yield f"| {' | '.join(names.split())} |"
    yield "|---" * 10 + "|"
    done = []
    for row in rows(seconds):
        found = row.certificate
        done.append(row)
        cells = [
            row.name,
            row.minimum,
            found.count,
            f"{found.residual:.1e}",
            found.reduced_count,
            found.judgement.name,
            f"[{found.lower_bound}, {found.upper_bound}]",
            f"{found.seconds:.1f}",
            row.verified,
            "yes" if row.right else "no",
        ]
        yield f"| {' | '.join(map(str, cells))} |"
    right, verified = sum(row.right for row in done), sum(row.verified == "ok" for row in done)
    yield f"\n{right} of {len(done)} verdicts are right, {verified} withstood checking."


def large(seconds: float) -> Iterator[str]:
    """Train a large network on labels of eight random neurons, and yield what its verdict took."""
    width, samples, features, steps = _LARGE
    random = np.random.default_rng(0)
    X = random.uniform(-1, 1, (samples, features))
    planted = Network(random.normal(size=(8, features)), random.normal(size=8), random.normal(size=8))
    problem = Problem(X, planted(X))
    state = train(problem, width, 1, decay=0.0, steps=steps)
    started = time.perf_counter()
    found = certify(state, X, problem.low, time_limit=seconds)
    yield f"labels up to {np.abs(problem.low).max():.2f}, missed by up to {found.residual:.2g}"
    yield f"reductions leave {found.reduced_count} of {found.count} neurons"
    yield f"{found.judgement.name}: [{found.lower_bound}, {found.upper_bound}]"
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    yield f"{time.perf_counter() - started:.1f} s with a limit of {seconds:g} s, {memory:.2f} GiB"


if __name__ == "__main__":
    torch.set_num_threads(1)
    arguments = sys.argv[1:]
    lines = large if arguments[:1] == ["large"] else table
    rest = arguments[1:] if lines is large else arguments
    for line in lines(float(rest[0]) if rest else 60.0):
        print(line, flush=True)
