"""Asking: rounds, campaigns, invitations, reminders, the board, the catalogues of questions, and who answers."""
