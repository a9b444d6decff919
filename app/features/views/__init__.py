"""Pages of this area: `public` for readers, `staff_…` for those who make them."""
