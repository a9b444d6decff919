"""Monitoring: metrics, rules and dashboards as code, evidence and the reports made from them."""
