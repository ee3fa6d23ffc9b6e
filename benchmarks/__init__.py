"""Speed and memory, measured: `.venv/bin/python -m benchmarks`."""
