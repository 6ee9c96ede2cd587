"""Scripts that print the figures of docs/figures.md, each beside a stated reference."""
