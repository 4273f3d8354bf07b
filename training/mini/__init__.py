"""chartwright-mini: the small language model that ships, from made-up encounters to a folder that vLLM serves."""
