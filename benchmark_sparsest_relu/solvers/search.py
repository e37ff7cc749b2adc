"""The searches of sparsest, which prove nothing."""

from benchmark_utils import RegisteredMethod


class Solver(RegisteredMethod):
    """`find` looks for few parts; `minimize` for the least path norm."""

    name = "sparsest-search"
    parameters = {"method": ["find"]}
