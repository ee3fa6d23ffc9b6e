"""The shell: rows, pages, jobs and commands around the four libraries."""
