"""The library application (site `library`) and the operations console (site `console`)."""
