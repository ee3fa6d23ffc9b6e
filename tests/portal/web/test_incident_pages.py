"""Incidents over the wire: reported, confirmed, answered; no foreign one is ever found."""
