"""Pages of administrators: staff, postings, roles and what they may do."""
