"""Drafts of questions and answers: what people asked and the documents do not say."""
