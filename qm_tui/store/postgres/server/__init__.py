"""The server: where it is, and the connections to it."""
