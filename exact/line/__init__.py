"""One feature, or samples along a line: fewest knots and cheapest functions by sorting and recursion."""
