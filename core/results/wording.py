"""Words that several results share."""

from collections.abc import Sequence

from sparsest.arrays import FloatArray
from sparsest.multi_class_problem import MultiClassProblem
from sparsest.multi_output_network import MultiOutputNetwork, SharedProblem
from sparsest.multi_output_problem import MultiOutputProblem
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.results.report import Rows, Section
from sparsest.sentences import counted

# Neurons listed one by one, input weights shown of one neuron, features named; more are summed up.
_MAX_NEURONS = 20
_MAX_WEIGHTS = 4
_MAX_FEATURES = 6


def all_counts(network: Network) -> str:
    """Return the counts of a network under every objective."""
    return ", ".join(counted(network.count(objective), str(objective)) for objective in Objective)


def describe_problem(problem: Problem, name: str = "") -> str:
    """Return one line on the data: size, which column is what, and what kind of network is asked for."""
    parts = [
        counted(problem.n_samples, "samples"),
        counted(problem.n_features, "features") + _named(problem.feature_names),
        *([f"label {problem.target_name}"] if problem.target_name is not None else []),
        "exact labels" if problem.is_interpolation else "intervals",
        problem.affine.phrase,
        *([] if problem.weight_bound is None else [f"|v w| <= {problem.weight_bound:g}"]),
    ]
    return f"{name}: {', '.join(parts)}" if name else ", ".join(parts)


def describe_outputs(problem: MultiOutputProblem, name: str = "") -> str:
    """Return the same line on data with several outputs."""
    parts = [
        counted(problem.n_samples, "samples"),
        counted(problem.n_features, "features") + _named(problem.feature_names),
        counted(problem.n_outputs, "outputs") + _named(problem.target_names),
        "exact labels" if problem.is_interpolation else "intervals",
        problem.affine.phrase,
    ]
    return f"{name}: {', '.join(parts)}" if name else ", ".join(parts)


def describe_classes(problem: MultiClassProblem, name: str = "") -> str:
    """Return the same line on data with several classes."""
    label = "" if problem.target_name is None else f" of {problem.target_name}"
    names = tuple(map(str, problem.classes))
    parts = [
        counted(problem.n_samples, "samples"),
        counted(problem.n_features, "features") + _named(problem.feature_names),
        f"{problem.n_outputs} classes{label}{_named(names)} with a margin of {problem.margin:g}",
        problem.affine.phrase,
    ]
    return f"{name}: {', '.join(parts)}" if name else ", ".join(parts)


def time_spent(seconds: float, before: float) -> str:
    """Return the seconds of this run, which a limit is about, and those of all where there were others."""
    if not before:
        return f"{seconds:.2f} s"
    return f"{seconds - before:.2f} s, in all runs {seconds:.2f} s"


def _named(names: Sequence[str] | None) -> str:
    if names is None:
        return ""
    more = f", ... {names[-1]}" if len(names) > _MAX_FEATURES else ""
    return f" ({', '.join(names[:_MAX_FEATURES])}{more})"


def network_section(title: str, network: Network, problem: Problem | None = None) -> Section:
    """Return a network's neurons as a table, at most a screenful."""
    names = None if problem is None else problem.feature_names
    rows = []
    if network.affine is not None:
        slopes = "" if not network.affine[:-1].any() else f"{_numbers(network.affine[:-1])} . x + "
        rows.append(("affine term", f"{slopes}{network.affine[-1]:.6g}"))
    if network.width > _MAX_NEURONS:
        rows.append(("shown", f"the first {_MAX_NEURONS} of {network.width} neurons"))
    return Section(title, rows, _neurons(network, names) if network.width else ())


def shared_neurons_section(
    title: str, network: MultiOutputNetwork, problem: SharedProblem | None = None
) -> Section:
    """Return the neurons that several outputs share as a table, at most a screenful."""
    names = None if problem is None else problem.feature_names
    rows = []
    for j, term in enumerate([] if network.affine is None else network.affine[:_MAX_WEIGHTS]):
        slopes = "" if not term[:-1].any() else f"{_numbers(term[:-1])} . x + "
        rows.append((f"affine term {j + 1}", f"{slopes}{term[-1]:.6g}"))
    if network.width > _MAX_NEURONS:
        rows.append(("shown", f"the first {_MAX_NEURONS} of {network.width} neurons"))
    if not network.width:
        return Section(title, rows)
    table = [["outputs", _weights_title(network.n_features, names), "bias"]]
    for weights, bias, outputs in zip(
        network.weights[:_MAX_NEURONS], network.biases, network.outputs, strict=False
    ):
        table.append([_numbers(outputs), _numbers(weights), f"{bias:.6g}"])
    return Section(title, rows, table)


def sections_with_network(
    title: str, rows: Rows, heading: str, network: Network | None, problem: Problem | None
) -> list[Section]:
    """Return what is known, and beneath it the network that shows it, if there is one."""
    sections = [Section(title, rows)]
    if network is not None:
        sections.append(network_section(heading, network, problem))
    return sections


def _neurons(network: Network, names: Sequence[str] | None) -> list[list[str]]:
    univariate = network.n_features == 1
    title = _weights_title(network.n_features, names)
    table = [["output", title, "bias", *(["knot"] if univariate else [])]]
    for weights, bias, output in zip(
        network.weights[:_MAX_NEURONS], network.biases, network.outputs, strict=False
    ):
        knot = [f"{0.0 - bias / weights[0]:.6g}" if weights[0] else "none"] if univariate else []
        table.append([f"{output:+.6g}", _numbers(weights), f"{bias:.6g}", *knot])
    return table


def _weights_title(n_features: int, names: Sequence[str] | None) -> str:
    """Return the head of a column of weights, with the first names of the features if they have any."""
    shown = [] if names is None else list(names[:_MAX_WEIGHTS])
    more = ", ..." if len(shown) < n_features else ""
    return ("weight" if n_features == 1 else "weights") + (f" ({', '.join(shown)}{more})" if shown else "")


def _numbers(values: FloatArray) -> str:
    shown = ", ".join(f"{value:.6g}" for value in values[:_MAX_WEIGHTS])
    more = ", ..." if len(values) > _MAX_WEIGHTS else ""
    return shown if len(values) == 1 else f"({shown}{more})"
