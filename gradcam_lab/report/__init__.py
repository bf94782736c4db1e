"""Figures, formulas and rendering of the report."""
