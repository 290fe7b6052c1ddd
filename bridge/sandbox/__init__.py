"""The providers' side of the wire, on your own machine; README.md tells the story. Imports nothing of the house."""
