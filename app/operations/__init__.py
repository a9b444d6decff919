"""The operations console (site 2, on the monitoring host): what works, what does not, what to do first."""
