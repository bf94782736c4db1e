"""What the report looks like and says: Jinja2, CSS, and the answers in Markdown."""
