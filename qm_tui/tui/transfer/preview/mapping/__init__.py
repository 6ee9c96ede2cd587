"""The dialogs to map the columns and values of another program's file."""
