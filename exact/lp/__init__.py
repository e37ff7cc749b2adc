"""Linear programs: HiGHS, and a small compiled simplex for stacks of rows that grow and shrink."""
