"""Other formats of a bundle, each proved against it before it is kept."""
