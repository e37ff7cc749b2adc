"""Small data sets by name; the optimum of each is known and proven."""

from benchopt import BaseDataset

from sparsest import datasets


class Dataset(BaseDataset):
    """`sparsest datasets` lists the names."""

    name = "named"
    parameters = {"data": ["xor", "peak-plateau", "tent", "convex", "close4"], "affine": ["none"]}

    def get_data(self):
        """Return the data with their intervals."""
        return {"problem": datasets.load(self.data).problem(affine=self.affine)}
