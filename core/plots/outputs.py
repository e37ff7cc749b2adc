"""Figures of networks with several outputs: a row for each output."""

from typing import TYPE_CHECKING, Final

from sparsest.errors import InputError
from sparsest.multi_output_network import MultiOutputNetwork
from sparsest.multi_output_problem import MultiOutputProblem
from sparsest.plots.canvas import new_figure, plain, style
from sparsest.plots.networks import draw_networks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Outputs drawn; more would be too small to read.
_MAX_OUTPUTS: Final = 6


def plot_outputs(
    problem: MultiOutputProblem, network: MultiOutputNetwork, name: str, title: str = ""
) -> "Figure":
    """Draw what a network does on the data, the first outputs one below the other.

    Parameters
    ----------
    problem : MultiOutputProblem
        The data.
    network : MultiOutputNetwork
        What to draw.
    name : str
        Its name in the legend.
    title : str
        Above the figure.

    Raises
    ------
    InputError
        When the network takes or has another number of features or outputs.
    """
    shapes = (network.n_features, network.n_outputs), (problem.n_features, problem.n_outputs)
    if shapes[0] != shapes[1]:
        raise InputError(f"the network has {shapes[0]} features and outputs, the data {shapes[1]}")
    drawn = min(problem.n_outputs, _MAX_OUTPUTS)
    with style():
        figure = new_figure(width=7.2, height=3.4 * drawn + 0.4)
        for j, part in enumerate(figure.subfigures(drawn, squeeze=False)[:, 0]):
            draw_networks(part, problem.outputs[j], [(name, network.output(j))])
            label = problem.target_names[j] if problem.target_names else f"output {j + 1}"
            more = (
                f" (and {problem.n_outputs - drawn} more)" if j == drawn - 1 < problem.n_outputs - 1 else ""
            )
            part.suptitle(plain(label) + more)
        if title:
            figure.suptitle(plain(title))
    return figure
