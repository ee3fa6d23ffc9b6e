"""Our scanners fed with other people's test suites: who agrees with whom, and why where we do not."""
