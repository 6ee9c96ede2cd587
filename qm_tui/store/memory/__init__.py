"""A store whose users are in memory, and the answers to questions from there."""
