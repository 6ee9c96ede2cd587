"""What the pages share: the session, jobs, marks, what is listed."""
