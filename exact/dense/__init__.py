"""Lower bounds where features are many and tolerances small: which affine functions meet many samples."""
