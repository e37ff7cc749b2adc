"""Networks as sums of rays: neurons whose hyperplanes pass through samples, or that have zero entries."""
