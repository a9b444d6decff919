"""The staff's pages about holds."""
