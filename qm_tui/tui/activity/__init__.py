"""The Activity page: all transactions, and the changes of each."""
