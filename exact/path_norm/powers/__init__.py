"""Lower bounds on least path norms from powers that are subadditive: packings of combinations of samples."""
