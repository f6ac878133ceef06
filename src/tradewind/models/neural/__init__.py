"""Networks that a shop trains on its own sales: one family, one way in, one way out."""
