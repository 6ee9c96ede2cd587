"""The keys of the terminal UI: their actions, their names, and what the admin has set."""
