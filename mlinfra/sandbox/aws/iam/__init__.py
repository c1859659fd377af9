"""Identity and Access Management, where moto falls short."""
