"""Fuzz tests: the program keeps its promises for any input.

Hypothesis generates the inputs, mostly by mutating real files. `make test` tries a few of each;
`python -m tests.fuzz MINUTES` runs for as long as wanted.
"""
