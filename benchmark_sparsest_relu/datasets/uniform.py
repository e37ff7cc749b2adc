"""Random labels, the hardest case: nothing about the optimum is known beforehand."""

from benchopt import BaseDataset

from sparsest import datasets


class Dataset(BaseDataset):
    """Samples and labels are uniform and independent."""

    name = "uniform"
    parameters = {"n": [6], "d": [1, 2], "seed": [0]}

    def get_data(self):
        """Return the data with their intervals."""
        return {"problem": datasets.load("uniform", d=self.d, n=self.n, seed=self.seed).problem()}
