"""Documents of companies: kept, running out, deleted with proof; lists of parts and what is known of them."""
