"""Lower bounds on neurons by packing curved sets: samples that the hyperplane of some neuron must cut."""
