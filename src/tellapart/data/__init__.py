"""Where samples come from, how they are split, and how they become arrays."""
