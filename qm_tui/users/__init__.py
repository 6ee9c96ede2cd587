"""What a user is: the field table, the rules, problems. Pure: no files, no screen."""
