"""Reads of this area; each says how many SQL statements it takes."""
