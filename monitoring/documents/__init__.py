"""納入文書: the documents handed over, generated from the inventory, the code, the tests and the records."""
