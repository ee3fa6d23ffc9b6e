"""Who signs in: people, their hospitals and companies, passwords, second factors and single-use links."""
