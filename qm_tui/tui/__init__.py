"""The interface in the terminal, built with Textual."""
