"""The methods that a suite can name; each is loaded when it first runs."""

import dataclasses
import difflib
import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from sparsest.benchmarks.suites.method_answer import MethodAnswer
from sparsest.errors import InputError

Kind = Literal["exact", "training", "heuristic"]


@dataclasses.dataclass(frozen=True)
class Method:
    """A way to look for a sparse network.

    Attributes
    ----------
    kind : str
        "exact": claims a lower bound; "training": gradient descent from random networks; "heuristic":
        anything else without a bound.
    ours : bool
        Whether it is this project's own or a peer.
    target : str
        ``module:function``, called as ``f(problem, objective, seed=..., time_limit=..., **options)``.
    description : str
        A few words.
    preset : mapping
        Options that make the method this one.
    """

    kind: Kind
    ours: bool
    target: str
    description: str
    preset: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def load(self) -> Callable[..., MethodAnswer]:
        """Import the function."""
        module, _, name = self.target.partition(":")
        function: Callable[..., MethodAnswer] = getattr(importlib.import_module(module), name)
        return function

    def takes(self, option: str) -> bool:
        """Whether the function has an option of this name."""
        return option in inspect.signature(self.load()).parameters

    def check_options(self, name: str, options: Mapping[str, Any]) -> None:
        """Raise `InputError` for an option that the function does not take."""
        parameters = [*inspect.signature(self.load()).parameters][2:]
        taken = [each for each in parameters if each not in ("seed", "time_limit", *self.preset)]
        for option in options:
            if option not in taken:
                near = difflib.get_close_matches(option, taken, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(taken) or 'none'}"
                raise InputError(f"method {name!r} has no option {option!r}: {hint}")


_EXACT: Final = "sparsest.benchmarks.suites.exact_methods:exact"
_PEERS: Final = "sparsest.benchmarks.peers"

METHODS: Final[dict[str, Method]] = {
    "auto": Method("exact", True, _EXACT, "this project's exact side, method chosen by it"),
    "tree": Method("exact", True, _EXACT, "activation tree", {"method": "tree"}),
    "univariate": Method(
        "exact", True, _EXACT, "ordered stabbing, or sweeps, in one dimension", {"method": "univariate"}
    ),
    "mip": Method("exact", True, _EXACT, "Benders decomposition over cells", {"method": "mip"}),
    "solve": Method(
        "exact",
        True,
        "sparsest.benchmarks.suites.training_methods:solve",
        "what `sparsest solve` does: a short search, training, the exact side",
    ),
    "find": Method(
        "training",
        True,
        "sparsest.benchmarks.suites.training_methods:find",
        "descents of few neurons, gradient descent in reserve, polish",
    ),
    "minimize": Method(
        "training",
        True,
        "sparsest.benchmarks.suites.training_methods:minimize",
        "least l^p path norm, by linear programs over rays or by gradient descent and polish",
    ),
    "slot-mip": Method(
        "exact", False, f"{_PEERS}.slot_mip:slot_mip", "big-M MIP with a slot a neuron, in a box of weights"
    ),
    "plain-tree": Method(
        "exact", False, f"{_PEERS}.plain_tree:plain_tree", "activation tree, samples as given, no bounds"
    ),
    "published-training": Method(
        "training",
        False,
        f"{_PEERS}.published_training:published_training",
        "training loop of Nakhleh and Nowak as published",
    ),
    "weight-decay": Method(
        "training", False, f"{_PEERS}.pruning:weight_decay", "AdamW, then magnitude pruning"
    ),
    "adam-restarts": Method(
        "training",
        False,
        f"{_PEERS}.adam_restarts:adam_restarts",
        "Adam on a hinge loss from many starts, width by width",
    ),
    "adam-pruned": Method("training", False, f"{_PEERS}.pruning:adam_pruned", "Adam, then magnitude pruning"),
    "group-lasso": Method(
        "heuristic", False, f"{_PEERS}.group_lasso:group_lasso", "convex program over all cells"
    ),
    "l1": Method("heuristic", False, f"{_PEERS}.l1:l1", "l^1 norm over sampled cells"),
    "reweighted-l1": Method(
        "heuristic", False, f"{_PEERS}.l1:reweighted_l1", "reweighted l^1 norm over sampled cells"
    ),
    "greedy": Method("heuristic", False, f"{_PEERS}.greedy:greedy", "forward selection of cells"),
}


def find(name: str) -> Method:
    """Return a method by its name.

    Raises
    ------
    InputError
        For an unknown name, with the nearest one.
    """
    if name in METHODS:
        return METHODS[name]
    near = difflib.get_close_matches(name, METHODS, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "known are " + ", ".join(METHODS)
    raise InputError(f"unknown method {name!r:.60}: {hint}")


def with_variants(bases: Mapping[str, str]) -> dict[str, Method]:
    """Return the registered methods, and under each variant's name the one that it is a variant of."""
    return METHODS | {name: METHODS[base] for name, base in bases.items() if base in METHODS}
