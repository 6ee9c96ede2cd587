"""The packages of the program, and what is known about their parts."""
