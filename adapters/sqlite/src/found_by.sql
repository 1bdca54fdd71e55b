-- By what entries of the log are found (version 2): each index has, of one value, the entries in their order.

CREATE INDEX entries_of_operator ON entries (operator) WHERE operator IS NOT NULL;

CREATE INDEX entries_of_device ON entries (device) WHERE device IS NOT NULL;

CREATE INDEX entries_of_event ON entries (event);
