"""Which column holds which field: guessed, and saved mappings."""
