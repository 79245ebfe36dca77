"""The only place that turns bytes, pictures and arrays into the pixels a network sees."""
