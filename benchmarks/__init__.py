"""Benchmark suites, the runner, peers re-implemented for comparison, known optima and reports."""
