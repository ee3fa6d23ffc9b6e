"""Incidents both ways, with their clocks: what vendors report, and what a hospital asks at once."""
