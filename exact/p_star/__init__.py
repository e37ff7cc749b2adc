"""The threshold p*, below which every network of least path norm is a sparsest one."""
