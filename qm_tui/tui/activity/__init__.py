"""The Activity page: transactions and what each of them did."""
