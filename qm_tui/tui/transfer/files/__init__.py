"""The parts of the file dialogs: the list of a folder, and the field for a path."""
