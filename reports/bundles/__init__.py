"""The evidence bundle (Prüfpaket): facts of one vendor in one signed file that anybody can check without us."""
