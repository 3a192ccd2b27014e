"""The index of the business's documents: pieces of their text, found by words and by meaning."""
