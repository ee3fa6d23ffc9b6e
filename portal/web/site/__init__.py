"""Pages for everybody and for the operator: start, about, health, operation."""
