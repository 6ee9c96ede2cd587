"""One user: details, form and password."""
