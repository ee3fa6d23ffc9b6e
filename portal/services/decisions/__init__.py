"""Deciding: who may, what opens it again, sittings with votes and minutes, limits of acceptance."""
