"""What is kept, for how long, and the proof that it restores (BorgBackup through borgmatic, PostgreSQL dumps)."""
