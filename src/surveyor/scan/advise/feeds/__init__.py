"""Where advisories come from: one file per source, each with a function that fetches and one that normalises."""
