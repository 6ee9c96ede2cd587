"""What the commands share: options, arguments, completion and reports."""
