"""The nouns: the documents users write and read, and the words in them. Imports nothing of ours."""
