"""The texts a language model is given: one folder per prompt, one file per version. See `loader`."""
