"""Plots drawn from records."""
