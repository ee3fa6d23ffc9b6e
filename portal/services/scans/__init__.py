"""Looking from outside: consent and scope, scans and what they saw, findings over time, the right of reply."""
