"""Everything that is Excel."""
