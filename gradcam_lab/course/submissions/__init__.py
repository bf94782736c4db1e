"""Submissions as they come: from any learning platform, in folders, in archives, or as loose files."""
