"""What a given network carries and does not need: superfluous neurons, and parts that can be removed."""
