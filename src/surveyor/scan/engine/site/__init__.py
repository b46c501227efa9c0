"""Several pages of one site in one scan: which are looked at, how alike they are, and what is said of them together."""
