"""What leaves by mail and what comes back: letters, their templates, the outbox, bounces."""
