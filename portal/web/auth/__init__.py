"""Getting in and out: set-up, signing in, second factor, account, joining by link."""
