"""What differs between two reports, and why: pure, over values."""
