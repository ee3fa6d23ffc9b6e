"""What is to be mended until when: the hospital's actions and the company's own plan."""
