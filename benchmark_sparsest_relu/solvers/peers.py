"""Peers, written from their publications; docs/benchmarks.md of sparsest names each source."""

from benchmark_utils import RegisteredMethod


class Solver(RegisteredMethod):
    """Training with pruning, convex and linear programs, forward selection, and a big-M program."""

    name = "peer"
    parameters = {"method": ["greedy", "l1", "reweighted-l1", "group-lasso", "adam-pruned", "slot-mip"]}
