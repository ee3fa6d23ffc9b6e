"""What changed since it was last looked at, told once, as often as each person wants."""
