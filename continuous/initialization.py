"""Random initial networks whose kinks lie among the data."""

import torch

# Standard deviation of the distance between a hyperplane and the point it was drawn through; inputs are
# scaled to about one.
_SPREAD = 0.1


def random_neurons(
    homogeneous: torch.Tensor, restarts: int, width: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return rows ``(w_k, b_k)`` (R, K, d + 1) and output weights ``v_k`` (R, K).

    The hyperplane of each neuron has a uniformly random direction and passes near a random point of the
    segment between two random samples, so that few start inactive on, or affine over, all the data. Near,
    because a sample on the hyperplane itself would give no gradient.
    Both layers have the same norm; values are about ``1 / sqrt(K)`` times their spread, which leaves
    room for features to be learned.

    Parameters
    ----------
    homogeneous : tensor (N, d + 1)
        Scaled inputs with a column of ones.
    restarts, width : int
        R and K.
    generator : torch.Generator
        On the CPU, so that every device starts from the same networks.
    """
    inputs = homogeneous[:, :-1]
    precision = inputs.dtype
    directions = torch.randn(restarts, width, inputs.shape[1], dtype=precision, generator=generator)
    directions /= torch.linalg.vector_norm(directions, dim=-1, keepdim=True)
    pairs = torch.randint(len(inputs), (2, restarts, width), generator=generator)
    share = torch.rand(restarts, width, 1, dtype=precision, generator=generator)
    points = inputs[pairs[0]] * share + inputs[pairs[1]] * (1 - share)
    offsets = _SPREAD * torch.randn(restarts, width, 1, dtype=precision, generator=generator)
    biases = offsets - (directions * points).sum(-1, keepdim=True)
    signs = torch.randint(2, (restarts, width), generator=generator) * 2 - 1
    size = width**-0.25
    return size * torch.cat([directions, biases], dim=-1), size * signs.to(precision)
