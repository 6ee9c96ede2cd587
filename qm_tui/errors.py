"""Errors with a message for the admin."""


class UserError(Exception):
    """An operation failed, and nothing was changed.

    The text is for the admin: what is wrong, what was not done, and what to do.
    """


def os_error_text(error: OSError) -> str:
    """Return the message of the operating system, without a full stop: "Permission denied"."""
    return error.strerror or type(error).__name__
