"""Tables, figures and pages of a folder of benchmark results."""
