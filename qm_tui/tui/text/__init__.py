"""Users and transactions as text for screens."""
