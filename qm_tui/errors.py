"""What was asked for cannot be done, and was not done at all."""


class Refused(Exception):
    """Nothing was done. The text is one sentence for the admin: what, where, what to do."""


def reason(error: OSError) -> str:
    """Why the system refused, as the end of a sentence ("Permission denied")."""
    return error.strerror or type(error).__name__
