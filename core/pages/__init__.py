"""Results as pages of their own, which a browser shows without a network."""
