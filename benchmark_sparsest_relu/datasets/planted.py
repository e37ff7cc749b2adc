"""Labels of a random network with few neurons, so that an upper bound is known."""

from benchopt import BaseDataset

from sparsest import datasets


class Dataset(BaseDataset):
    """Samples are uniform; a millionth is allowed for rounding."""

    name = "planted"
    parameters = {"n": [20], "d": [2], "k": [2, 3], "seed": [0]}

    def get_data(self):
        """Return the data with their intervals."""
        return {"problem": datasets.load("planted", d=self.d, n=self.n, k=self.k, seed=self.seed).problem()}
