"""Gold that evaluators own, in the forms they own it in: file or folder -> `GoldSet`."""
