"""Fewest neurons, weights or parameters by a mixed-integer program over enumerated cells."""
