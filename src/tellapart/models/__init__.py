"""Networks: one builder a file, the catalogue, and the way to and from bundles."""
