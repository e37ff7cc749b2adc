"""The exact side of sparsest, which proves its lower bound."""

from benchmark_utils import RegisteredMethod


class Solver(RegisteredMethod):
    """`auto` chooses a method, `mip` is a Benders decomposition over activation patterns."""

    name = "sparsest-exact"
    parameters = {"method": ["auto"]}
