"""Changes of several users, and undo: dialogs and their flow."""
