"""Work that outlives a request: rows are the truth, the queue is only a doorbell."""
