"""Grading on other people's machines: what each learning platform takes, and what runs there."""
