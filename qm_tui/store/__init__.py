"""Where users are kept: the interface, and the TinyDB store behind it."""
