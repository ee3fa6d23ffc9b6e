"""A hospital's vendors and what they supply: kept, listed, brought in and out, taken in by intake, ended."""
