"""Shops with known truth, for tests, demos and experiments."""

from tradewind.data.synthetic.crossborder import crossborder_shop
from tradewind.data.synthetic.series import Market
from tradewind.data.synthetic.settings import Festival, ShopSettings
from tradewind.data.synthetic.shop import SyntheticShop, shop

__all__ = ["Festival", "Market", "ShopSettings", "SyntheticShop", "crossborder_shop", "shop"]
