"""Scores with intervals: arrays in, one record out."""
