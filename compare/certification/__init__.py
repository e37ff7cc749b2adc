"""How many neurons a trained network could do without: its certificate, and the page that shows it."""
