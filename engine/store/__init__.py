"""Where things rest: tables, records, history, audit, timers, revisions. Floor: 3."""
