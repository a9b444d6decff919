"""The demonstration library, and the generator of a library at Nagano's full scale."""
