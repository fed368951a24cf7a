"""The demonstration: a render farm on a cluster, from nothing to a film."""
