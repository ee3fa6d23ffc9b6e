"""The judgements, one module per topic: pure functions from what was seen to a verdict."""
