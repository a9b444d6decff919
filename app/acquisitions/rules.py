"""What an order costs. No database, no clock."""


def expected(list_price: int | None, discount_percent: int) -> int | None:
    """The price of one copy after the bookseller's discount, in yen, parts of a yen cut off; None without a price."""
    return None if list_price is None else list_price * (100 - discount_percent) // 100
