"""The catalogue: bibliographic records (書誌), items (所蔵) and the one search service over them."""
