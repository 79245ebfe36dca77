"""Runtimes and the predictor: bytes, paths or arrays in, ranked names out."""
