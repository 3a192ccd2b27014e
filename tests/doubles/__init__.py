"""Servers on loopback that speak the real wire format of what recado talks to, and can be told to fail."""
