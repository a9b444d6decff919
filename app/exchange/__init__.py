"""Records in and out of the library: MARC 21 today; SRU, OAI-PMH and SIP2 join it later."""
