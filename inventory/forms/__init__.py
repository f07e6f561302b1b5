"""The forms of the pages of inventory."""
