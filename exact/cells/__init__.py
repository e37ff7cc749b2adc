"""Activation patterns: what one neuron can do on the samples, listed exactly."""
