"""The server: an HTTP interface, its metrics, and the page, over predictors."""
