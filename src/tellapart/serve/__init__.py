"""HTTP API and web page over predictors."""
