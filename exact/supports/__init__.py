"""Fewest weights or parameters: an activation tree for every choice of the entries that neurons use."""
