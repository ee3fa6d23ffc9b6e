"""The company's pages: invitation, consent, its own result, the questions."""
