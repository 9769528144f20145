"""What the page of a search shows beside the answer of its winner."""
