"""The referee that says whether the exact and the continuous side agree, and why not."""

from sparsest.compare.agreement.compare import compare_sides, judge

__all__ = ["compare_sides", "judge"]
