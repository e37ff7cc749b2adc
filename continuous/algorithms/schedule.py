"""What one run of gradient descent is made of."""

import dataclasses

from sparsest.objectives import Objective

# Share of the steps at full rate. At a constant rate Adam's loss fluctuates by orders of magnitude to the
# end; while the rate falls it settles, and so do the thresholds, which are proportional to it.
_CONSTANT = 0.7

# Share of the steps over which p falls from 1, in algorithms that continue it.
_CONTINUED = 0.5


@dataclasses.dataclass(frozen=True)
class Schedule:
    """Step count, rates and weights of one training run.

    Attributes
    ----------
    steps : int
        Adam steps.
    learning_rate : float
        Adam's step size over the first `_CONSTANT` of the steps; then it falls linearly to zero.
    regularization : float
        lambda in ``loss + lambda * path norm``.
    p : float
        Exponent of the path norm.
    objective : Objective
        Which path norm.
    """

    steps: int
    learning_rate: float
    regularization: float
    p: float
    objective: Objective

    def rate(self, step: int) -> float:
        """Return the step size at `step`."""
        return self.learning_rate * min(1.0, (1 - step / self.steps) / (1 - _CONSTANT))

    def annealed(self, step: int) -> float:
        """Return lambda at `step` for algorithms that let it fall to zero with the rate."""
        return self.regularization * self.rate(step) / self.learning_rate

    def continued(self, step: int) -> float:
        """Return the exponent at `step` for algorithms that let it fall from 1 over half of the steps."""
        return max(self.p, 1 - (1 - self.p) * step / (_CONTINUED * self.steps))
