"""What a search reports, and the proof file written of it."""
