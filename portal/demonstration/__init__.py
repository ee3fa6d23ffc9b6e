"""The demonstration: real servers on loopback, and the vendors and hospital that make use of them."""
