"""Fewest neurons where a few rows may be missed by choice."""
