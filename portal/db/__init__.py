"""Rows: the database, its sessions and its models."""
