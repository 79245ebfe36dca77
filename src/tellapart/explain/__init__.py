"""Which pixels decided: heat maps, and whether they mean anything."""
