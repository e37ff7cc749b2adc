"""Neurons against accuracy: the least largest error of networks with so many neurons."""
