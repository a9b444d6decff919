"""Disks that die without anybody losing a loan: layout, watch, replacement and the drill that proves it."""
