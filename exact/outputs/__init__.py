"""Several outputs that share their neurons: bounds from single directions, networks from their neurons."""
