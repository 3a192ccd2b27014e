"""The business's own documents: adding, reading and checking them."""
