"""The regression gate: counts that are known, whether they still stand, and the proofs stored of them."""
