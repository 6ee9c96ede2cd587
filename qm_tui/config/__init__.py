"""Settings of the admin: settings.toml, saved options and saved views."""
