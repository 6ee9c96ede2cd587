"""Import and export in the terminal UI: dialogs, screens and flows."""
