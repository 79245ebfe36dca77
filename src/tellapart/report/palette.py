"""The colours of all plots: told apart by colour-blind eyes and in print."""

TRAINING = "#0072B2"
VALIDATION = "#D55E00"
CONFUSION = "Blues"
RISK = "#0072B2"
RIGHT = "#009E73"
CHANCE = "#767676"
DISTINCT = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#E69F00",
    "#000000",
    "#767676",
)
"""Of several lines; where there are more, patterns tell them apart as well."""
