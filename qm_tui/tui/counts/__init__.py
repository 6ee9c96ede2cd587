"""The pages of counts: licenses, and the values of a field."""
