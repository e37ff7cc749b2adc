"""Run a suite: one task a process, records in a folder, resumable."""
