"""Documents on disk: sealed under their owner's key, refused when they are not what they say."""
