"""Training: the loop, one epoch through Keras, checkpoints, history, the run folder."""
