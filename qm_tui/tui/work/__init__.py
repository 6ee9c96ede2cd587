"""What the pages share: the session, the running operation, marks, the users query."""
