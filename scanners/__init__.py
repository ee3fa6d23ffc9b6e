"""Look at a vendor's public surface: hosts become observations, observations become findings."""
