"""The pages with counts: licenses, and values of fields."""
