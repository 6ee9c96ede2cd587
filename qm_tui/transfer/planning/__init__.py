"""What an import would do with each record: the plan."""
