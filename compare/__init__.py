"""The referee that says whether the exact and the continuous side agree, and why not."""
