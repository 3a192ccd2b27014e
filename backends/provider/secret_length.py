"""The shortest secret that is cut out of texts."""

SHORTEST_SECRET = 8
"""Characters. A shorter one protects nothing, and cutting it out would black out ordinary words."""
