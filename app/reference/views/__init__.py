"""Pages of this area: `public` for readers, `staff` for those who answer and announce."""
