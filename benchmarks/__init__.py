"""Scripts that measure what the README promises, each beside a stated reference."""
