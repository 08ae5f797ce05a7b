"""The demo story: the outside world of a company that uses the add-on."""
