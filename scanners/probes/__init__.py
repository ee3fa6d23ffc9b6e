"""The only code that talks to a vendor; network.py is its one door."""
