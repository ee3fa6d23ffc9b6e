"""What is answered: saved, signed, reviewed, suggested from elsewhere, recorded for who never signs in."""
