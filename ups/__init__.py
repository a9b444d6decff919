"""Ordered shutdown and fastest recovery on UPS power (NUT): plan, configuration, exporter and drill."""
