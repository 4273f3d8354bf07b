"""Official files and our own tables into codebook editions, an encoder and Qdrant collections."""
