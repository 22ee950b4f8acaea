"""= and {{ }}: parse, type, evaluate, SQL, templates. Floor: 2."""
