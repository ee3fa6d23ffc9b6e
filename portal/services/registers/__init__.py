"""The one thought of a vendor and the register made of all: scores, policies, risks, snapshots, comparisons."""
