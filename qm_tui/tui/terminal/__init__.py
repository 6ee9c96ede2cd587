"""The terminal: input, output, the clipboard, suspension, and disconnection."""
