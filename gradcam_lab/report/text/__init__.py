"""The words of the report: facts, findings, Markdown, formulas, listings."""
