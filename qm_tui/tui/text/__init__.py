"""What screens show of users and transactions, as text."""
