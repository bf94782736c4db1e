"""`compare`: finished runs side by side."""
