"""What the operator types, by topic; cli.py lists the commands."""
