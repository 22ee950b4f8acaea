"""The API described as OpenAPI 3.1, made from the site's own entities. Floor: 7."""
