"""The ledger's work written in plain pandas and in SQL on PostgreSQL, and by the ledger itself, on the same files."""
