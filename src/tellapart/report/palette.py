"""The colours of all plots: told apart by colour-blind eyes and in print."""

TRAINING = "#0072B2"
VALIDATION = "#D55E00"
CONFUSION = "Blues"
