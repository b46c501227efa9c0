"""What a person would say, as functions: each is one transaction and knows no HTTP and no HTML."""
