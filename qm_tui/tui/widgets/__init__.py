"""Widgets and dialogs that are independent of users."""
