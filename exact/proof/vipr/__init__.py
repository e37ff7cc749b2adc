"""Proofs in the VIPR format, which checkers of other people read."""
