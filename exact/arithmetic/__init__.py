"""Rational arithmetic behind every proof: data, networks, multipliers and signs as exact numbers."""
