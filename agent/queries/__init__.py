"""Questions to providers: composed from the record's own words, refused when they lead or speak of money."""
