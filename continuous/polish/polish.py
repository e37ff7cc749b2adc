"""The linear-programming polish: from a trained network to one that interpolates, with fewer parts.

Training stops near interpolation with surplus neurons; but its activation patterns are discrete, and with
them fixed the rest is a linear program (`sparsest.continuous.polish.pattern_program`). Reweighting its l^1
cost a few times imitates the l^p path norm (Candes, Wakin and Boyd 2008), then each surviving neuron, weight
or parameter is tried for removal until none can go. Where the solution touches the boundary of its cells, the
cells on the other side are offered too, as long as that helps. No step of this is a proof of minimality.
"""

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.continuous.polish.pattern_program import BoolArray, Neurons, Samples, solve
from sparsest.objectives import Objective, magnitudes
from sparsest.progress import Deadline
from sparsest.weight_bound import fewest_copies

# Rounds of reweighting, and of offering neighbouring cells; both mostly settle after two or three.
_ROUNDS = 6

# Added to sizes, relative to the largest, before they are turned into costs: what is smaller than this is
# all equally cheap to remove.
_SOFTENING = 1e-3

# A sample lies on the boundary of a neuron's cell when its preactivation is this small relative to the
# neuron: looser than the LP's feasibility, because a wrong guess only offers the LP a useless cell.
_TIGHT = 1e-7

# Neurons times samples, the rows of a linear program, up to which neighbouring cells are offered. Data on a
# grid may have thousands of samples on the boundary of a cell: all of them would take gigabytes.
MAX_ROWS = 50_000

# Path norms that differ by less than this, relatively, are the same solution found twice.
_SAME_NORM = 1e-6


def merged(samples: Samples, neurons: Neurons) -> Neurons:
    """Return one neuron for each closed cell and output sign, the sum of those that share it.

    A sum beyond the weight bound becomes the fewest equal neurons within it. On the data the function is
    unchanged and no objective rises but by those (merging lemma: within a closed cell ``max(0, Xh u)`` is
    linear, and ``t^p`` is subadditive). Neurons that are zero, without an output sign, or inactive on every
    sample, are dropped; the rest come in an order that depends on cells and signs alone.
    """
    active = neurons.folded @ samples.homogeneous.T > 0
    useful = (neurons.signs != 0) & np.any(active, axis=1)
    labels = np.c_[neurons.patterns, neurons.signs > 0][useful]
    cells, groups = np.unique(labels, axis=0, return_inverse=True)
    sums = np.zeros((len(cells), neurons.folded.shape[1]))
    np.add.at(sums, groups, neurons.folded[useful])
    if samples.bounds is not None:
        copies = fewest_copies(sums, samples.bounds).astype(int)
        sums = np.repeat(sums / copies[:, None], copies, axis=0)
        cells = np.repeat(cells, copies, axis=0)
    return Neurons(sums, cells[:, :-1], np.where(cells[:, -1], 1.0, -1.0), neurons.affine)


def polish(
    samples: Samples,
    start: Neurons,
    p: float,
    objective: Objective,
    deadline: Deadline,
    rounds: int = _ROUNDS,
) -> Neurons | None:
    """Return sparse neurons in the cells of `start` that meet every interval, or None if there are none.

    Parameters
    ----------
    samples : Samples
        The intervals.
    start : Neurons
        One neuron for each cell and sign, or several under a weight bound (see `merged`); their sizes are
        the first reweighting.
    p : float
        Exponent of the path norm that the reweighting imitates.
    objective : Objective
        What is counted.
    deadline : Deadline
        When it expires, what was reached is returned.
    rounds : int
        How often neighbouring cells are offered, at most.
    """
    best = _sparsified(samples, start, p, objective, deadline)
    for _ in range(rounds):
        if best is None:
            return None
        following = _sparsified(samples, with_neighbours(samples, best), p, objective, deadline)
        if following is None or not _better(following, best, p, objective):
            return best
        best = following
    return best


def _better(first: Neurons, second: Neurons, p: float, objective: Objective) -> bool:
    new, old = magnitudes(first.folded, objective), magnitudes(second.folded, objective)
    if np.count_nonzero(new) != np.count_nonzero(old):
        return bool(np.count_nonzero(new) < np.count_nonzero(old))
    return bool(np.sum(new**p) < (1 - _SAME_NORM) * np.sum(old**p))


def with_neighbours(samples: Samples, current: Neurons, max_rows: int = MAX_ROWS) -> Neurons:
    """Add, for every sample on the boundary of a neuron's cell, the cell on the other side.

    A linear program stops at such boundaries because its patterns are fixed, and not because f asks for it.
    Of too many cells the first are taken: neurons times samples stay within `max_rows`.
    """
    room = max(0, max_rows // max(1, len(samples.low)) - len(current.folded))
    sizes = np.abs(current.folded).sum(axis=1, keepdims=True)
    rows, places = np.nonzero(np.abs(current.folded @ samples.homogeneous.T) <= _TIGHT * sizes)
    rows, places = rows[:room], places[:room]
    crossed = current.patterns[rows].copy()
    crossed[np.arange(len(rows)), places] ^= True
    wider = Neurons(
        np.concatenate([current.folded, current.folded[rows]]),
        np.concatenate([current.patterns, crossed]),
        np.concatenate([current.signs, current.signs[rows]]),
        current.affine,
    )
    labels = np.c_[wider.patterns, wider.signs > 0]
    _, first, cells = np.unique(labels, axis=0, return_index=True, return_inverse=True)
    kept = np.r_[np.arange(len(current.folded)), first[first >= len(current.folded)]]
    kept = kept[np.argsort(cells.ravel()[kept], kind="stable")]
    return Neurons(wider.folded[kept], wider.patterns[kept], wider.signs[kept], wider.affine)


def _sparsified(
    samples: Samples, start: Neurons, p: float, objective: Objective, deadline: Deadline
) -> Neurons | None:
    """Reweight until the support settles, then thin out."""
    current = start
    everything = np.ones_like(start.folded, dtype=bool)
    solved = None
    for _ in range(_ROUNDS):
        following = solve(samples, start, everything, _costs(current, p, objective), deadline)
        if following is None:
            break
        settled = solved is not None and _same_support(solved, following)
        current = solved = following
        if settled:
            break
    return None if solved is None else _thinned(samples, solved.nonzero(), p, objective, deadline)


def _thinned(
    samples: Samples, current: Neurons, p: float, objective: Objective, deadline: Deadline
) -> Neurons:
    """Remove what can be removed, smallest first.

    A part that cannot go stays needed when others have gone (the feasible sets shrink), so that one
    attempt each is enough.
    """
    needed = np.zeros_like(current.folded, dtype=bool)
    while (part := _smallest(current, needed, objective)) is not None and not deadline.expired:
        allowed = _support(current, objective) & ~part
        following = solve(samples, current, allowed, _costs(current, p, objective), deadline)
        if following is None:
            needed |= part
        else:
            rows = np.any(following.folded != 0, axis=1)
            current, needed = following.nonzero(), needed[rows]
    return current


def _smallest(current: Neurons, needed: BoolArray, objective: Objective) -> BoolArray | None:
    """Mask of the smallest neuron or entry that is counted, nonzero and not known to be needed."""
    sizes = np.abs(current.folded)
    if objective is Objective.NEURONS:
        sizes = np.broadcast_to(sizes.sum(axis=1, keepdims=True), sizes.shape)
    candidates = _counted(sizes, objective) & (sizes > 0) & ~needed
    if not candidates.any():
        return None
    first = np.argmin(np.where(candidates, sizes, np.inf))
    row, column = np.unravel_index(first, sizes.shape)
    part = np.zeros_like(needed)
    part[row, slice(None) if objective is Objective.NEURONS else column] = True
    return part


def _counted(sizes: FloatArray, objective: Objective) -> BoolArray:
    mask = np.ones_like(sizes, dtype=bool)  # all but the biases for `weights`
    if objective is Objective.WEIGHTS:
        mask[:, -1] = False
    return mask


def _support(current: Neurons, objective: Objective) -> BoolArray:
    """Entries that may be nonzero without raising the count."""
    if objective is Objective.NEURONS:
        return np.ones_like(current.folded, dtype=bool)
    return np.asarray((current.folded != 0) | ~_counted(current.folded, objective), dtype=np.bool_)


def _costs(current: Neurons, p: float, objective: Objective) -> FloatArray:
    """Slopes ``(size + softening)^(p - 1)`` of the path norm, sizes relative to the largest."""
    sizes = np.abs(current.folded)
    if objective is Objective.NEURONS:
        sizes = np.broadcast_to(sizes.sum(axis=1, keepdims=True), sizes.shape)
    sizes = sizes / max(sizes.max(initial=0.0), np.finfo(float).tiny)
    return np.where(_counted(sizes, objective), (sizes + _SOFTENING) ** (p - 1), 0.0)


def _same_support(first: Neurons, second: Neurons) -> bool:
    return np.array_equal(first.folded != 0, second.folded != 0)
