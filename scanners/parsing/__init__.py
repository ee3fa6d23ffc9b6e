"""Pure parsers and evaluators: text in, facts out; no network, and no text makes them raise."""
