"""The only code that writes work, inspections, treatments, planned stops, updates and levels."""
