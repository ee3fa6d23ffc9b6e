"""One folder per field of work, in it one module per noun: verb(session, actor, …, now). They never commit."""
