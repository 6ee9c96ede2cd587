"""Users written to a file."""
