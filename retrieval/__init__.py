"""Text to vectors, Qdrant collections behind one port, the term dictionary, and candidate search."""
