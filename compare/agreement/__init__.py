"""Whether the exact and the continuous side agree, and why not."""
