"""Judge a vendor as a whole: a dossier becomes a score, risks and a register."""
