"""Export of users to a file."""
