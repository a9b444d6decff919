"""Documents made from the inventory, the measurements and the evidence."""
