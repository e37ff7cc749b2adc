"""Linear programs on the patterns that training found: residuals drop to rounding, surplus neurons vanish."""
