"""The register on screens: finding and registering, one person's page, work on many at once, the public form."""
