"""Targets for a fuzzer: whatever anybody may give to the program, it answers as it promises.

What is tried is made by Hypothesis, for the most part out of real files to which something
happened. `make test` tries a little of each; `python -m tests.fuzz MINUTES` goes on for as long.
"""
