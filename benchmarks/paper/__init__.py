"""The paper's experiments, run again and drawn."""
