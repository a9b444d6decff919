"""The log archive of the whole appliance: kept by day, sealed, searched, and after six years disposed of."""
