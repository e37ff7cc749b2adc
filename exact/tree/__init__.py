"""Fewest neurons by a search over activation patterns."""
