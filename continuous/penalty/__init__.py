"""Path norms as torch functions, and the proximal maps of their terms."""
