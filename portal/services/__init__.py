"""One module per noun, verbs inside: verb(session, actor, …, now); they touch the session and never commit."""
