"""The desk's pages of the business's own documents."""
